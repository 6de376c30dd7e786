"""How many rejected sign-ins mean that a user has to sign in again."""

from custom_components.telldus_pa.account.auth_failures import AuthFailureTracker


def test_a_hiccup() -> None:
    """Rejections within a minute mean nothing, nor do two with a success in between."""
    failures = AuthFailureTracker()
    assert not failures.record_failure(1000)
    assert not failures.record_failure(1059)
    assert failures.wait(1059) == 0
    assert not failures.record_success()
    assert not failures.record_failure(1070)
    assert failures.first_at == 1070


def test_a_storm() -> None:
    """Two that are a minute apart do; then Telldus is asked twice an hour until it ends."""
    failures = AuthFailureTracker()
    failures.record_failure(1000)
    assert failures.record_failure(1060)
    assert failures.wait(1061) == 1799
    assert failures.wait(2900) == 0
    assert failures.record_failure(2900)
    assert failures.wait(2900) == 1800
    assert failures.record_success()
    assert not failures.needs_reauth
    assert failures.wait(2900) == 0
    assert not failures.record_success()
