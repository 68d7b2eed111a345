"""A JMeter plan of a mix: XML with a controller for each act that lets the mix's share of requests through.

Each shopper is a thread. What the shop has is asked once, by a thread group that goes before.
"""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import orjson

from banyan.trial.crowd import ADDRESS
from banyan.trial.outsiders import groovy
from banyan.trial.shoppers.mixes import Mix

_KINDS = {bool: "boolProp", int: "intProp", str: "stringProp"}
_COMMENT = """\
The mix of `banyan bench load`, written by `banyan bench load --with jmeter`.
To run it: jmeter -n -t banyan-{name}.jmx -Jhost=127.0.0.1 -Jport=8000 -Jshoppers=1000 -Jseconds={seconds:g} -l results.jtl
Start the shop with BANYAN_RATE_LIMITS=false, for all shoppers come from one address. They buy for real!
JMeter is a closed loop: a shopper who waits for an answer asks later, so a slow shop gets fewer requests and its times look
better than shoppers feel them. `banyan bench load` counts from when a shopper wanted to ask.
A checkout needs a cart with something in it that says where it goes (three requests); who has none yet goes on with that
instead, so that cart and checkout together are what the mix says."""
_LOOKS = {
    "product": ("/v1/products/${slug}", False),
    "list": ("/v1/products?limit=20&category=${category}", False),
    "search": ("/v1/search?q=${word}&limit=20", False),
    "suggest": ("/v1/suggest?q=${start}", False),
    "account": ("${page}", True),
}
Node = tuple[Element, Element]


def plan(mix: Mix, host: str = "127.0.0.1", port: int = 8000, shoppers: int = 1000) -> str:
    """The plan as XML; host, port, shoppers and seconds are what is used where no -J property says otherwise."""
    root = Element("jmeterTestPlan", version="1.2", properties="5.0", jmeter="5.6.3")
    top = SubElement(root, "hashTree")
    variables = {"host": f"${{__P(host,{host})}}", "port": f"${{__P(port,{port})}}", "step": "0"}
    inside = _put(
        top,
        _element("TestPlan", "TestPlanGui", mix.title, {"TestPlan.comments": _comment(mix)}),
        _arguments("TestPlan.user_defined_variables", variables),
    )
    _put(inside, _defaults())
    first = _put(inside, _threads("SetupThreadGroup", "look around", "1", ""))
    _put(first, _script("JSR223Sampler", "look around", groovy.LOOK_AROUND))
    walk = _put(inside, _threads("ThreadGroup", "shoppers", f"${{__P(shoppers,{shoppers})}}", _seconds(mix)))
    _put(walk, _script("JSR223PreProcessor", "what this request is for", groovy.wants(mix)))
    _put(walk, _script("JSR223Timer", "time to think", groovy.thinks(mix)))
    for act, share in mix.shares.items():
        chosen = _put(walk, _share(act, share))
        if act in _LOOKS:
            path, signed_in = _LOOKS[act]
            asks = _put(chosen, _request(act, "GET", path, ""))
            if signed_in:
                _put(asks, _headers({"Authorization": "Bearer ${member}"}))
        else:
            _purchase(chosen)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _comment(mix: Mix) -> str:
    return _COMMENT.format(name=mix.name, seconds=mix.seconds)


def _seconds(mix: Mix) -> str:
    return f"${{__P(seconds,{mix.seconds:g})}}"


def _purchase(into: Element) -> None:
    """The next step of this thread's purchase, whichever it is."""
    steps = _put(
        into, _element("SwitchController", "SwitchControllerGui", "purchase", {"SwitchController.value": "${step}"})
    )
    payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
    delivery = {"email": "${email}", "address": ADDRESS, "shipping_option": "standard"}
    for act, method, path, body in (
        ("cart", "POST", "/v1/carts", {}),
        ("cart", "POST", "/v1/carts/${cart}/lines", {"sku": "${sku}", "quantity": 1}),
        ("cart", "PUT", "/v1/carts/${cart}/delivery", delivery),
        ("checkout", "POST", "/v1/carts/${cart}/checkout", payment),
    ):
        asks = _put(steps, _request(act, method, path, orjson.dumps(body).decode()))
        fields = {"Content-Type": "application/json", "Idempotency-Key": "${key}"}
        _put(asks, _headers(fields if path == "/v1/carts" else {**fields, "Authorization": "Bearer ${token}"}))
    _put(steps, _script("JSR223PostProcessor", "where the purchase is", groovy.GOES_ON))


def _put(into: Element, element: Element, *more: Element) -> Element:
    """Put an element in; where its children go."""
    element.extend(more)
    into.append(element)
    return SubElement(into, "hashTree")


def _element(kind: str, gui: str, name: str, values: "dict[str, str | int | bool]") -> Element:
    made = Element(kind, guiclass=gui, testclass=kind, testname=name)
    made.extend(_values(values))
    return made


def _values(values: "dict[str, str | int | bool]") -> Iterator[Element]:
    for name, value in values.items():
        made = Element(_KINDS[type(value)], name=name)
        made.text = str(value).lower() if isinstance(value, bool) else str(value)
        yield made


def _arguments(name: str, values: dict[str, str]) -> Element:
    made = Element("elementProp", name=name, elementType="Arguments")
    held = SubElement(made, "collectionProp", name="Arguments.arguments")
    for key, value in values.items():
        one = SubElement(held, "elementProp", name=key, elementType="Argument")
        one.extend(_values({"Argument.name": key, "Argument.value": value, "Argument.metadata": "="}))
    return made


def _defaults() -> Element:
    made = _element(
        *("ConfigTestElement", "HttpDefaultsGui", "the shop"),
        {
            "HTTPSampler.domain": "${host}",
            "HTTPSampler.port": "${port}",
            "HTTPSampler.protocol": "http",
            "HTTPSampler.connect_timeout": "15000",
            "HTTPSampler.response_timeout": "15000",
        },
    )
    made.append(_arguments("HTTPsampler.Arguments", {}))
    return made


def _threads(kind: str, name: str, count: str, seconds: str) -> Element:
    gui = "SetupThreadGroupGui" if kind == "SetupThreadGroup" else "ThreadGroupGui"
    made = _element(
        *(kind, gui, name),
        {
            "ThreadGroup.num_threads": count,
            "ThreadGroup.ramp_time": "1",
            "ThreadGroup.duration": seconds,
            "ThreadGroup.scheduler": bool(seconds),
            "ThreadGroup.same_user_on_next_iteration": True,
            "ThreadGroup.on_sample_error": "continue",
        },
    )
    loop = SubElement(made, "elementProp", name="ThreadGroup.main_controller", elementType="LoopController")
    loop.extend(_values({"LoopController.loops": -1 if seconds else 1, "LoopController.continue_forever": False}))
    return made


def _share(act: str, share: float) -> Element:
    """Lets so many of a hundred turns of all threads through."""
    made = _element(
        *("ThroughputController", "ThroughputControllerGui", act),
        {
            "ThroughputController.style": 1,
            "ThroughputController.perThread": False,
            "ThroughputController.maxThroughput": 1,
        },
    )
    number = SubElement(made, "FloatProperty")
    for name, text in (
        ("name", "ThroughputController.percentThroughput"),
        ("value", f"{share * 100:g}"),
        ("savedValue", "0.0"),
    ):
        SubElement(number, name).text = text
    return made


def _request(act: str, method: str, path: str, body: str) -> Element:
    made = _element(
        *("HTTPSamplerProxy", "HttpTestSampleGui", act),
        {
            "HTTPSampler.path": path,
            "HTTPSampler.method": method,
            "HTTPSampler.use_keepalive": True,
            "HTTPSampler.follow_redirects": False,
            "HTTPSampler.postBodyRaw": bool(body),
        },
    )
    arguments = SubElement(made, "elementProp", name="HTTPsampler.Arguments", elementType="Arguments")
    held = SubElement(arguments, "collectionProp", name="Arguments.arguments")
    if body:
        one = SubElement(held, "elementProp", name="", elementType="HTTPArgument")
        one.extend(_values({"HTTPArgument.always_encode": False, "Argument.value": body, "Argument.metadata": "="}))
    return made


def _headers(fields: dict[str, str]) -> Element:
    made = _element("HeaderManager", "HeaderPanel", "headers", {})
    held = SubElement(made, "collectionProp", name="HeaderManager.headers")
    for name, value in fields.items():
        one = SubElement(held, "elementProp", name="", elementType="Header")
        one.extend(_values({"Header.name": name, "Header.value": value}))
    return made


def _script(kind: str, name: str, text: str) -> Element:
    values: dict[str, str | int | bool] = {"scriptLanguage": "groovy", "cacheKey": "true", "script": text}
    return _element(kind, "TestBeanGUI", name, values)


def shares(elements: Sequence[Element]) -> dict[str, float]:
    """What a plan's controllers let through, by act: read back from its XML."""
    return {
        str(each.get("testname")): float(each.findtext("FloatProperty/value") or 0) / 100
        for each in elements
        if each.tag == "ThroughputController"
    }
