"""How long pages take on a large ledger. Read `times` first."""

import gzip
import http.cookiejar
import re
import shutil
import statistics
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

PASSWORD = "una frase lunga abbastanza"
REPEATS = 7
# Goals: a page within this time on the server, a first view within these bytes over the wire.
GOAL_MS = 200
GOAL_BYTES = 300_000
# A figure that is being computed: the page says so and asks again.
WAITING = "load delay:"
COMPUTED_WITHIN_S = 900

PAGES = {
    "overview": "/",
    "trend by month": "/months",
    "a service": "/services/cup",
    "an indicator": "/services/cup/K1",
    "trend of an indicator": "/services/cup/K1/trend",
    "calls behind a figure, first page": "/services/cup/K1/calls?which=missed",
    "calls behind a figure, page 1000": "/services/cup/K1/calls?which=missed&page=1000",
    "one call's story": None,
    "imports": "/imports",
    "rejects": "/rejects",
    "duplicates": "/duplicates",
    "contract": "/contract",
    "checks": "/checks",
    "registers": "/registers",
    "reviews": "/reviews",
    "audit trail": "/audit",
    "users": "/users",
}


def times(program, ledger, contract, period, scratch):
    """Starts the program as a server; returns each page's milliseconds and the first view's bytes.

    Figures that are computed beside the requests are waited for first: what counts is the page.
    """
    registers = scratch / "registers"
    server = subprocess.Popen(
        [program, "serve", "--ledger", ledger, "--contract", contract, "--registers", registers,
         "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = server.stdout.readline().split("://")[1].strip().rstrip("/")
        setup = server.stdout.readline().split("token=")[1].strip()
        visitor = signed_in(f"http://{address}", setup)
        found = {}
        for name, path in PAGES.items():
            path = path or visitor.first_call
            if "?" not in path and path.startswith("/services"):
                path = f"{path}?period={period}"
            visitor.until_ready(path)
            found[name] = statistics.median(visitor.milliseconds(path) for _ in range(REPEATS))
        return found, visitor.first_view()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(registers, ignore_errors=True)


def signed_in(address, setup):
    admin = Visitor(address)
    admin.form("/setup", "/setup", token=setup, login="ada", name="Ada Minervini",
               password=PASSWORD)
    admin.form("/login", "/login", login="ada", password=PASSWORD, next="/")
    made = admin.form("/users", "/users", login="mia", name="Mia Alberti", password=PASSWORD,
                      reason="incarico")
    for role in ("monitoring_manager", "auditor", "administrator"):
        admin.form(made, f"{made}/grant", role=role, service="", reason="incarico")
    mia = Visitor(address)
    mia.form("/login", "/login", login="mia", password=PASSWORD, next="/")
    mia.form("/account", "/purpose", purpose="misura dei tempi", next="/")
    return mia


class Visitor:
    """A browser without a window."""

    def __init__(self, address):
        self.address, self.first_call = address, None
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def get(self, path):
        request = urllib.request.Request(self.address + path, headers={"accept-encoding": "gzip"})
        try:
            with self.opener.open(request, timeout=120) as answer:
                status, wire, headers = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                raise
            status, wire, headers = 503, refused.read(), refused.headers
        body = gzip.decompress(wire) if headers.get("content-encoding") == "gzip" else wire
        return status, body, len(wire)

    def form(self, page, path, **fields):
        """Sends a form with its page's token; returns where the answer leads."""
        _, body, _ = self.get(page)
        fields["csrf"] = re.search(r'data-csrf="([^"]*)"', body.decode()).group(1)
        data = urllib.parse.urlencode(fields).encode()
        with self.opener.open(self.address + path, data=data, timeout=120) as answer:
            return urllib.parse.urlparse(answer.url).path

    def until_ready(self, path):
        begun = time.monotonic()
        while True:
            status, body, _ = self.get(path)
            text = body.decode()
            if status != 503 and WAITING not in text:
                break
            if COMPUTED_WITHIN_S < time.monotonic() - begun:
                raise TimeoutError(f"{path} is never ready")
            time.sleep(0.5)
        call = re.search(r'href="(/calls/[^"]+)"', text)
        if call and not self.first_call:
            self.first_call = call.group(1).replace("&amp;", "&")

    def milliseconds(self, path):
        begun = time.monotonic()
        self.get(path)
        return (time.monotonic() - begun) * 1000

    def first_view(self):
        """Bytes over the wire for the overview, with all that it loads, fonts included."""
        _, body, total = self.get("/")
        text = body.decode()
        if "/services/cup" not in text:
            raise ValueError("the overview shows no service")
        wanted, loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text)), set()
        while wanted:
            path = wanted.pop()
            loaded.add(path)
            _, body, length = self.get(path)
            total += length
            if path.endswith(".css"):
                named = re.findall(r'url\(["\']?([^"\')]+)', body.decode())
                named = {urllib.parse.urljoin(path, name) for name in named}
                wanted |= {name for name in named if name.startswith("/static/")} - loaded
        return total
