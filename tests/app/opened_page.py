"""A page of the app as `AppTest` opens it, and what it shows."""

from streamlit.testing.v1 import AppTest

from app.navigation import PAGES
from app.state import AppState
from physioclr.runtime.shipped_files import bundled


def open_page(url_path, record=None):
    app = AppTest.from_file(str(bundled("app") / "main.py"), default_timeout=120)
    state = AppState()
    if record is not None:
        state.read.open(record)
    app.session_state["physioclr"] = state
    app.run()
    if url_path != next(iter(PAGES)):
        app.switch_page(str(bundled("pages") / PAGES[url_path][0])).run()
    return app


def figures_of(app):
    """The figures of the page, but for the one that only fetches the charts' code."""
    return [figure for figure in app.get("plotly_chart") if "chart_code" not in figure.proto.id]


def html_of(app):
    return "\n".join(element.proto.body for element in app.get("html"))


def table_named(app, label):
    return html_of(app).split(f'aria-label="{label}"')[1].split("</table>")[0]
