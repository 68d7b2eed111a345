"""The scripts inside a JMeter plan: what the shop has, what a request is for, how long a shopper thinks."""

from banyan.trial.shoppers.mixes import Mix

LOOK_AROUND = """\
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
def base = "http://${vars.get('host')}:${vars.get('port')}"
def get = { path -> new JsonSlurper().parse(new URL(base + path)) }
def products = get('/v1/products?limit=100').items
def shown = products.take(50).collect { get('/v1/products/' + it.slug) }
props.put('banyan.slugs', products.collect { it.slug })
props.put('banyan.categories', get('/v1/categories').items.collect { it.slug })
def words = products.collectMany { it.name.toLowerCase().split(' ').toList() }
props.put('banyan.words', words.findAll { it ==~ /[a-z]+/ }.unique().sort())
props.put('banyan.skus', shown.collectMany { it.variants }.findAll { it.in_stock != false }.collect { it.sku })
props.put('banyan.members', (1..4).collect {
    def asked = new URL(base + '/v1/users').openConnection()
    asked.requestMethod = 'POST'
    asked.doOutput = true
    asked.setRequestProperty('Content-Type', 'application/json')
    asked.setRequestProperty('Idempotency-Key', UUID.randomUUID().toString())
    asked.outputStream << JsonOutput.toJson([email: "member.${UUID.randomUUID()}@example.com".toString(),
        password: 'a long walk through the market'])
    new JsonSlurper().parse(asked.inputStream).access_token
})
props.put('banyan.began', System.currentTimeMillis())
SampleResult.setDataType('text')
"""

GOES_ON = """\
import groovy.json.JsonSlurper
def step = vars.get('step') as int
if (prev.responseCode in ['200', '201', '202']) {
    if (step == 0) {
        def made = new JsonSlurper().parseText(prev.responseDataAsString)
        vars.put('cart', made.id)
        vars.put('token', made.token)
    }
    vars.put('step', ((step + 1) % 4) as String)
} else if (!(prev.responseCode in ['429', '503'])) {
    vars.put('step', '0') // a cart that cannot go on is left
}
"""


def wants(mix: Mix) -> str:
    """What the next request is about; products and words by Zipf's law, the first most."""
    place = "(int) (Math.pow(of.size(), Math.random()) - 1)" if mix.skew else "(int) (of.size() * Math.random())"
    return f"""\
def any = {{ of -> of[(int) (of.size() * Math.random())] }}
def popular = {{ of -> of[{place}] }}
def skus = props.get('banyan.skus')
def word = popular(props.get('banyan.words'))
vars.put('slug', popular(props.get('banyan.slugs')))
vars.put('category', any(props.get('banyan.categories')))
vars.put('word', word)
vars.put('start', word.take(3))
vars.put('member', any(props.get('banyan.members')))
vars.put('page', any(['/v1/me', '/v1/orders?limit=5']))
vars.put('sku', Math.random() < {mix.hot:g} ? skus[0] : any(skus))
vars.put('key', UUID.randomUUID().toString())
vars.put('email', "shopper.${{UUID.randomUUID()}}@example.com".toString())
"""


def thinks(mix: Mix) -> str:
    """Milliseconds; in a phase in which everything happens more often, so much less."""
    phases = ", ".join(f"[{phase.seconds:g}, {phase.times:g}]" for phase in mix.phases)
    return f"""\
def left = (System.currentTimeMillis() - props.get('banyan.began')) / 1000.0
def times = {mix.phases[-1].times:g}
for (phase in [{phases}]) {{
    left -= phase[0]
    if (left < 0) {{
        times = phase[1]
        break
    }}
}}
return (long) (1000 * ({mix.think[0]:g} + {mix.think[1] - mix.think[0]:g} * Math.random()) / times)
"""
