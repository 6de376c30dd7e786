"""The frame of all pages: one style sheet, light and dark, no JavaScript needed."""

from html import escape as _escape
from typing import Final

from aiohttp import web

_STYLE: Final = """
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--ink:#1c2430;--soft:#667085;
--line:#dfe3e8;--accent:#e8590c;--on:#2b8a3e;--off:#868e96;--bad:#c92a2a;--warn:#b35c00}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b2129;--ink:#e6e9ee;
--soft:#98a2b3;--line:#2d3540;--accent:#ff922b;--on:#69db7c;--off:#868e96;--bad:#ff8787;
--warn:#ffc078}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{background:var(--card);border-bottom:1px solid var(--line)}
header>div{max-width:1180px;margin:auto;padding:.7rem 1rem;display:flex;gap:.4rem 1.2rem;
flex-wrap:wrap;align-items:baseline}
header b{font-size:1.1rem}header b i{color:var(--accent);font-style:normal}
header a{color:var(--soft);text-decoration:none}header a:hover{color:var(--accent)}
main{max-width:1180px;margin:auto;padding:1rem}
main.narrow{max-width:30rem}
h1{font-size:1.35rem;margin:.4rem 0 1rem}
h2{font-size:1.05rem;margin:0 0 .6rem;display:flex;gap:.6rem;align-items:center;flex-wrap:wrap}
section{background:var(--card);border:1px solid var(--line);border-radius:.7rem;
padding:1rem;margin:0 0 1rem}
p{margin:.4rem 0 .8rem}.soft{color:var(--soft);font-size:.88rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.6rem}
.item{border:1px solid var(--line);border-radius:.5rem;padding:.55rem .7rem;
display:flex;flex-direction:column;gap:.35rem;min-width:0;overflow-wrap:anywhere}
.item>div{display:flex;gap:.5rem;justify-content:space-between;align-items:baseline}
.item.hidden{opacity:.6}
.state{font-weight:600;white-space:nowrap}.on{color:var(--on)}.off{color:var(--off)}
.bad{color:var(--bad)}.warn{color:var(--warn)}
form.row,.item form{display:flex;gap:.35rem;flex-wrap:wrap;align-items:center;margin:0}
label{display:block;margin:.6rem 0 .2rem}
input,select,button{font:inherit;color:inherit;background:var(--bg);
border:1px solid var(--line);border-radius:.4rem;padding:.25rem .55rem;min-width:0;max-width:100%}
main.narrow input{width:100%;padding:.5rem .6rem}
input.short{width:5.2rem}
button{cursor:pointer}button:hover{border-color:var(--accent)}
button.main{background:var(--accent);border-color:var(--accent);color:#fff;font-weight:600}
@media(prefers-color-scheme:dark){button.main{color:#12161c}}
main.narrow button{padding:.5rem 1.2rem}
.buttons{display:flex;gap:.6rem;margin-top:1rem;flex-wrap:wrap}
table{border-collapse:collapse;width:100%;font-size:.88rem}
.wide{overflow-x:auto}
td,th{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);
vertical-align:top}
td.num{white-space:nowrap;font-variant-numeric:tabular-nums}
td.num code{overflow-wrap:normal}
td.words{white-space:nowrap}
h2 button{font-size:.85rem;font-weight:400}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}
.tag{font-size:.78rem;font-weight:400;border:1px solid var(--line);border-radius:1rem;
padding:0 .5rem;color:var(--soft);white-space:nowrap}
"""


def esc(value: object) -> str:
    """Make any text harmless in HTML, in attributes too."""
    return _escape(str(value), quote=True)


def page(
    title: str, body: str, *, narrow: bool = False, script: str = "", status: int = 200
) -> web.Response:
    """Wrap a body, which is HTML already, into a whole page."""
    main = '<main class="narrow">' if narrow else "<main>"
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{esc(title)}</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><header><div>"
        "<b>Telldus <i>simulator</i></b>"
        '<a href="/">Home</a><a href="/keys/showToken">Keys</a>'
        '<a href="/keys/tokens">Applications</a><a href="/explore/index">Functions</a>'
        f"</div></header>{main}{body}</main>{script}</body></html>"
    )
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    return web.Response(
        text=text, content_type="text/html", status=status, headers=headers
    )


def hidden(**values: object) -> str:
    """Return hidden fields for a form."""
    return "".join(
        f'<input type="hidden" name="{esc(name)}" value="{esc(value)}">'
        for name, value in values.items()
    )


def button(text: str, *, name: str = "", value: object = "", main: bool = False) -> str:
    """Return a button that submits its form."""
    named = f' name="{esc(name)}" value="{esc(value)}"' if name else ""
    return f'<button type="submit"{named}{" class=main" if main else ""}>{esc(text)}</button>'
