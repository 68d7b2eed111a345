"""What Redis is to do at once, in Lua. Every key of a shop has the same `{prefix}`, so that all lie in one slot of a cluster.

Tags have numbers, not members: to drop one is to give it a new number, whatever was made of it. A value knows the number
of the last drop when whoever made it began (`since`), and counts only while each of its tags is there and was not dropped
after. So a drop costs the same for one value as for a million, no set of members grows or has to be swept, and what
nobody uses any more expires by itself: values and tags after their seconds, the tags of a drop after `SETTLED`.
"""

SETTLED = 60_000  # milliseconds; longer than it takes to make a value, which may have begun before the drop

# KEYS: the drops. Their number goes up, even when the server's clock does not. When the drops are not there, as after
# FLUSHALL, they begin now, and nobody knows what was dropped before: `born`.
_DROPS = """
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function text(number) return string.format('%.0f', number) end
local function drops(key)
  local seen = redis.call('HMGET', key, 'last', 'born')
  if seen[1] and seen[2] then return tonumber(seen[1]), tonumber(seen[2]) end
  local begun = now()
  redis.call('HSET', key, 'last', text(begun), 'born', text(begun))
  return begun, begun
end
"""

# KEYS: value, drops. Answers value or false, milliseconds left, since.
LOOK = (
    _DROPS
    + """
local since = text(drops(KEYS[2]))
local kept = redis.call('HMGET', KEYS[1], 'value', 'since', 'tags')
if not (kept[1] and kept[2] and kept[3]) then return {false, 0, since} end
local tags = {}
for tag in string.gmatch(kept[3], '[^\\n]+') do tags[#tags + 1] = tag end
if #tags > 0 then
  for _, dropped in ipairs(redis.call('MGET', unpack(tags))) do
    if not dropped or tonumber(dropped) > tonumber(kept[2]) then
      redis.call('UNLINK', KEYS[1])
      return {false, 0, since}
    end
  end
end
return {kept[1], redis.call('PTTL', KEYS[1]), since}
"""
)

# KEYS: value, drops, tags … ARGV: since or nothing, milliseconds, value.
PUT = (
    _DROPS
    + """
local last, born = drops(KEYS[2])
local since = tonumber(ARGV[1]) or last
if since < born or since > last then return 0 end
local missing = {}
for i = 3, #KEYS do
  local dropped = redis.call('GET', KEYS[i])
  if not dropped then
    missing[#missing + 1] = KEYS[i]
  elseif tonumber(dropped) > since then
    return 0
  elseif redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
for _, key in ipairs(missing) do redis.call('SET', key, text(since), 'PX', ARGV[2]) end
redis.call('HSET', KEYS[1], 'value', ARGV[3], 'since', text(since), 'tags', table.concat(KEYS, '\\n', 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
)

# KEYS: drops, tags …
DROP = (
    _DROPS
    + f"""
local last, born = drops(KEYS[1])
local this = text(math.max(now(), last + 1))
redis.call('HSET', KEYS[1], 'last', this, 'born', text(born))
for i = 2, #KEYS do redis.call('SET', KEYS[i], this, 'PX', {SETTLED}) end
"""
)

# KEYS: counter. ARGV: cost, milliseconds of its window. Answers the count and the milliseconds that are left.
COUNT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {count, left}
"""

# KEYS: values … ARGV: version, milliseconds, values … A value is kept with its version before it, in a line of its own.
NEWEST = """
for i, key in ipairs(KEYS) do
  local kept = redis.call('GET', key)
  if not kept or string.match(kept, '^[^\\n]*') < ARGV[1] then
    redis.call('SET', key, ARGV[1] .. '\\n' .. ARGV[i + 2], 'PX', ARGV[2])
  end
end
"""
