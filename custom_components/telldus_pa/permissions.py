"""What a user must be allowed for an action of ours, as Home Assistant asks for its own."""

from collections.abc import Container

from homeassistant.core import ServiceCall
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er


async def async_check_permission(
    call: ServiceCall, device_id: str | None, unique_ids: Container[str], policy: str
) -> None:
    """Raise Unauthorized unless the caller has a permission for each of these entities.

    They are those of the device that have these unique ids, hidden and disabled ones
    included. Where there is none of them, only administrators may.
    An automation has no user, and may do everything, as with Home Assistant's own actions.
    """
    context = call.context
    if context.user_id is None:
        return
    user = await call.hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context, permission=policy)
    if user.is_admin:
        return
    entity_ids = [
        entity.entity_id
        for entity in er.async_entries_for_device(
            er.async_get(call.hass), device_id or "", include_disabled_entities=True
        )
        if entity.unique_id in unique_ids
    ]
    if not entity_ids:
        raise Unauthorized(context=context, permission=policy)
    for entity_id in entity_ids:
        if not user.permissions.check_entity(entity_id, policy):
            raise Unauthorized(context=context, entity_id=entity_id, permission=policy)
