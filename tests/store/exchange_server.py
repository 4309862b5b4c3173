#!/usr/bin/env python3
"""A small exchange for the download tests: speaks Bybit v5 and Binance, prints its port, serves
until killed. The first part of the path chooses how it behaves (see Handler.misbehave). Rows are
functions of their time, so a test can compute what must arrive."""
import http.server
import json
import sys
import urllib.parse

NOW = 1735689600000 + 3 * 86400000 + 30000  # 30 s into a bar
HOLE = (1735689600000 + 86400000, 1735689600000 + 86400000 + 2000 * 60000)
counts = {}


def bar(t):
    i = t // 60000 % 1000
    o, c = 1000 + i, 1000 + (i + 1) % 1000
    return [str(t), str(o), str(max(o, c) + 1), str(min(o, c) - 1), str(c), "1.5", "1500"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, text, status=200, headers=(), cut=0):
        body = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + cut))
        self.end_headers()
        self.wfile.write(body)
        if cut:
            self.close_connection = True

    def misbehave(self, mode, n, good):
        """True if the reply of request number n was spoiled."""
        if mode == "flaky" and n % 2 == 0:
            kind = n // 2 % 6
            if kind == 0:
                self.send("slow down", 429, [("Retry-After", "0")])
            elif kind == 1:
                self.send("oops", 500)
            elif kind == 2:
                self.send(good[:len(good) // 2], cut=len(good))
            elif kind == 3:
                self.send("<html>maintenance</html>")
            elif kind == 4:
                self.send('{"retCode":10006,"retMsg":"Too many visits!","result":{}}')
            else:
                self.send(good[:len(good) // 2])
            return True
        if mode == "dies" and n >= 4:
            self.send("gone", 503)
            return True
        if mode == "badsymbol" and n > 0:
            self.send('{"retCode":10001,"retMsg":"params error: symbol invalid","result":{}}')
            return True
        if mode == "forbidden":
            self.send("no", 404)
            return True
        if mode == "garbage" and n > 0:
            self.send('{"retCode":0,"result":{"symbol":"BTCUSDT","list":[["x","1","1","1","1","1",'
                      '"1"]]}}')
            return True
        if mode == "textcode" and n > 0:
            self.send('{"retCode":"10001","retMsg":"symbol closed",'
                      '"result":{"symbol":"BTCUSDT","list":[]}}')
            return True
        if mode == "nocode" and n > 0:
            self.send('{"result":{"symbol":"BTCUSDT","list":[]}}')
            return True
        if mode == "elsewhere" and n > 0:
            self.send('{"retCode":0,"result":{"symbol":"BTCUSDT","list":'
                      '[["1772000040000","1","1","1","1","1","1"]]}}')
            return True
        if mode == "othersymbol" and n > 0:
            self.send('{"retCode":0,"result":{"symbol":"ETHUSDT","list":[]}}')
            return True
        if mode == "retryafter" and n == 1:
            self.send("slow down", 429, [("Retry-After", "1")])
            return True
        return False

    def rows(self, first, last, limit, step=60000):
        start = -(-first // step) * step
        times = [t for t in range(start, last + 1, step) if t <= NOW]
        return times[-limit:]

    def answer(self, path, q, mode):
        get = lambda *names: next((int(q[n][0]) for n in names if n in q), 0)
        first, last = get("start", "startTime"), get("end", "endTime")
        limit = get("limit") or 200
        if path == "/v5/market/time":
            return {"retCode": 0, "result": {"timeSecond": str(NOW // 1000)}, "time": NOW}
        if path == "/fapi/v1/time":
            return {"serverTime": NOW}
        if path == "/v5/market/instruments-info":
            return {"retCode": 0, "result": {"list": [{
                "symbol": "BTCUSDT", "fundingInterval": 480,
                "leverageFilter": {"maxLeverage": "100.00"}, "priceFilter": {"tickSize": "0.10"},
                "lotSizeFilter": {"qtyStep": "0.001", "minOrderQty": "0.001",
                                  "maxOrderQty": "1190.000", "minNotionalValue": "5"}}]}}
        if path == "/v5/market/risk-limit":
            return {"retCode": 0, "result": {"list": [
                {"riskLimitValue": "2000000", "maintenanceMargin": "0.5", "initialMargin": "1",
                 "maxLeverage": "100.00", "mmDeduction": ""},
                {"riskLimitValue": "2600000", "maintenanceMargin": "0.56", "initialMargin": "1.11",
                 "maxLeverage": "90.00", "mmDeduction": "1200"}]}}
        if "funding" in path.lower():
            times = self.rows(first, last, limit, 8 * 3600000)
            names = (("fundingRateTimestamp", str) if "v5" in path else ("fundingTime", int))
            out = [{"symbol": "BTCUSDT", names[0]: names[1](t + 3), "fundingRate": "0.0001"}
                   for t in times]
        elif "open-interest" in path:
            out = [{"timestamp": str(t), "openInterest": "1000.5"}
                   for t in self.rows(first, last, limit, 300000)]
        else:
            out = [bar(t) for t in self.rows(first, last, limit)]
            if mode == "holes":
                out = [r for r in out if not HOLE[0] <= int(r[0]) < HOLE[1]]
            if "mark-price" in path or "index-price" in path or "PriceKlines" in path:
                out = [r[:5] for r in out]
            if "fapi" in path:
                out = [[int(r[0])] + r[1:6] + [int(r[0]) + 59999, "1500"] for r in out]
        if mode == "shuffled":
            out = out[1::2] + out[::2] + out[:5]
        elif "v5" in path:
            out.reverse()
        if "v5" not in path:
            return out
        return {"retCode": 0, "retMsg": "OK", "result": {"symbol": "BTCUSDT", "list": out}}

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        _, mode, path = url.path.split("/", 2)
        n = counts.get(mode, 0)
        counts[mode] = n + 1
        good = json.dumps(self.answer("/" + path, urllib.parse.parse_qs(url.query), mode))
        if not self.misbehave(mode, n, good):
            self.send(good)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
sys.stdout.close()
server.serve_forever()
