-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Fields for Wireshark and tshark from recordings of rsttrace: rsttrace.cause, rsttrace.owner
-- and others, for columns, filters and statistics. docs/recordings.md says how to install it.
--
-- rsttrace writes one JSON line for each item: as a comment of the packet of a RST, or as a
-- field of a journal entry. This dissector runs behind all others and reads that line.

local rsttrace = Proto("rsttrace", "rsttrace: why this RST")

-- Each field: its name, its kind, what it is called, and where the JSON line has it.
local fields = {
  { "kind", "string", "Kind", "kind" },
  { "event", "string", "Event", "id" },
  { "cause", "string", "Cause", "cause" },
  { "dir", "string", "Direction", "dir" },
  { "certainty", "string", "Certainty", "certainty" },
  { "summary", "string", "Summary", "summary" },
  { "remedy", "string", "Remedy", "remedy" },
  { "state", "string", "TCP state", "state" },
  { "errno", "string", "Error of the application", "app.errno" },
  { "pid", "uint32", "Process id", "owner.pid" },
  { "tid", "uint32", "Thread id", "owner.tid" },
  { "comm", "string", "Process", "owner.comm" },
  { "unit", "string", "Unit", "owner.unit" },
  { "container", "string", "Container", "owner.container" },
  { "pod", "string", "Pod", "owner.pod" },
  { "netns", "string", "Network namespace", "netns.name" },
  { "unread", "uint32", "Bytes lost unread", "lost.unreadBytes" },
  { "unsent", "uint32", "Bytes lost unsent", "lost.unsentBytes" },
  { "unacked", "uint32", "Bytes lost unacknowledged", "lost.unackedBytes" },
  { "pattern", "string", "Pattern of the finding", "pattern" },
  { "resets", "uint32", "Resets of the finding", "resets" },
}

local proto_fields = {}
for _, f in ipairs(fields) do
  proto_fields[f[1]] = ProtoField[f[2]]("rsttrace." .. f[1], f[3])
end
proto_fields.owner = ProtoField.string("rsttrace.owner", "Owner")
proto_fields.finding = ProtoField.string("rsttrace.finding", "Finding")
proto_fields.answer = ProtoField.string("rsttrace.answered_by", "Answered by event")
proto_fields.rebuilt = ProtoField.bool("rsttrace.rebuilt", "Rebuilt, not captured")
proto_fields.json = ProtoField.string("rsttrace.json", "JSON")
for _, f in pairs(proto_fields) do
  table.insert(rsttrace.fields, f)
end

local comments = Field.new("frame.comment")
local journal_names = Field.new("systemd_journal.field.name")
local journal_values = Field.new("systemd_journal.field.value")

-- JSON, as far as rsttrace writes it. Each function gets the text and a position, and
-- returns a value and the position behind it. A text that is no JSON raises an error.

local parse

local escapes = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f" }

local function utf8_of(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(0xf0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- A control character could mislead whoever reads the text: it is shown as an escape.
local function shown(code)
  if code < 0x20 or code == 0x7f or (code >= 0x80 and code < 0xa0) or (code >= 0x200b and code <= 0x200f)
    or (code >= 0x2028 and code <= 0x202e) or (code >= 0x2066 and code <= 0x2069) then
    return string.format("\\u%04x", code)
  end
  return utf8_of(code)
end

local function parse_string(text, at)
  local parts = {}
  while true do
    local from, to = text:find('^[^"\\]+', at)
    if from then
      table.insert(parts, text:sub(from, to))
      at = to + 1
    end
    local c = text:sub(at, at)
    if c == '"' then
      return table.concat(parts), at + 1
    elseif c ~= "\\" then
      error("a string without an end")
    end
    local escape = text:sub(at + 1, at + 1)
    at = at + 2
    if escape == "u" then
      local code = tonumber(text:sub(at, at + 3), 16) or error("not a code")
      at = at + 4
      if code >= 0xd800 and code < 0xdc00 and text:sub(at, at + 1) == "\\u" then
        local low = tonumber(text:sub(at + 2, at + 5), 16) or error("not a code")
        code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00)
        at = at + 6
      end
      table.insert(parts, shown(code))
    elseif escapes[escape] then
      table.insert(parts, "\\" .. escape)
    else
      table.insert(parts, escape)
    end
  end
end

local function parse_object(text, at, depth)
  local object = {}
  if text:sub(at, at) == "}" then
    return object, at + 1
  end
  while true do
    if text:sub(at, at) ~= '"' then
      error("not a name")
    end
    local name, value
    name, at = parse_string(text, at + 1)
    if text:sub(at, at) ~= ":" then
      error("no value")
    end
    value, at = parse(text, at + 1, depth)
    object[name] = value
    local c = text:sub(at, at)
    at = at + 1
    if c == "}" then
      return object, at
    elseif c ~= "," then
      error("an object without an end")
    end
  end
end

local function parse_list(text, at, depth)
  local list = {}
  if text:sub(at, at) == "]" then
    return list, at + 1
  end
  while true do
    local value
    value, at = parse(text, at, depth)
    table.insert(list, value)
    local c = text:sub(at, at)
    at = at + 1
    if c == "]" then
      return list, at
    elseif c ~= "," then
      error("a list without an end")
    end
  end
end

function parse(text, at, depth)
  if depth > 16 then
    error("too deep")
  end
  local c = text:sub(at, at)
  if c == "{" then
    return parse_object(text, at + 1, depth + 1)
  elseif c == "[" then
    return parse_list(text, at + 1, depth + 1)
  elseif c == '"' then
    return parse_string(text, at + 1)
  end
  local from, to = text:find("^[%w%.%+%-]+", at)
  if not from then
    error("not a value")
  end
  local word = text:sub(from, to)
  if word == "true" or word == "false" then
    return word == "true", to + 1
  end
  return word, to + 1 -- numbers stay as they are written
end

-- at_path finds "owner.pid" in an object.
local function at_path(object, path)
  for name in path:gmatch("[^.]+") do
    if type(object) ~= "table" then
      return nil
    end
    object = object[name]
  end
  return object
end

-- The text of a field, whole: the display may shorten it.
local function text_of(info)
  local ok, value = pcall(function() return info.value end)
  if ok and type(value) == "string" then
    return value
  end
  return tostring(info)
end

local more = "\xe2\x80\xa6" -- how a comment begins that goes on with the one before

-- found reads the comments of a packet, or the fields of a journal entry.
local function found()
  local result = {}
  for _, info in ipairs({ comments() }) do
    local text = text_of(info)
    if not result.json and text:sub(1, 10) == '{"schema":' then
      result.json = text
    elseif result.json and text:sub(1, #more) == more then
      result.json = result.json .. text:sub(#more + 1)
    elseif text:find("^Rebuilt, not captured") then
      result.rebuilt = true
    end
    result.answer = result.answer or text:match("^Answered by event (%d+)$")
  end
  local values = { journal_values() }
  for i, info in ipairs({ journal_names() }) do
    if text_of(info) == "RSTTRACE_JSON" and values[i] then
      result.json = text_of(values[i])
    end
  end
  return result
end

-- What the newest entry says of each finding. It comes behind the packets of its events, so
-- these have it once they are dissected again: in Wireshark, and in tshark with -2.
local findings = {}

function rsttrace.init()
  findings = {}
end

local function owner_of(item)
  local who = at_path(item, "owner.comm") or at_path(item, "comm") or at_path(item, "actor.owner.comm")
  local pid = at_path(item, "owner.pid") or at_path(item, "pid") or at_path(item, "actor.owner.pid")
  if who and pid then
    return who .. "[" .. pid .. "]"
  elseif pid then
    return "[" .. pid .. "]"
  end
  return who or at_path(item, "owner.pod") or at_path(item, "owner.container") or at_path(item, "owner.unit")
    or at_path(item, "owner.cgroup")
end

local function finding_of(item)
  local number = item.finding
  if item.kind == "finding" then
    number = item.id
    findings[number] = item.pattern or item.cause
  end
  if not number then
    return nil
  end
  if findings[number] then
    return number .. " " .. findings[number]
  end
  return number
end

function rsttrace.dissector(buffer, pinfo, tree)
  local about = found()
  if not about.json and not about.answer then
    return
  end
  local branch = tree:add(rsttrace, buffer())
  if about.rebuilt then
    branch:add(proto_fields.rebuilt, true)
  end
  if about.answer then
    branch:add(proto_fields.answer, about.answer)
    return
  end
  local ok, item = pcall(function() return (parse(about.json, 1, 0)) end)
  if not ok or type(item) ~= "table" then
    return
  end
  for _, f in ipairs(fields) do
    local value = at_path(item, f[4])
    if item.kind == "followup" and f[1] == "event" then
      value = item.event
    elseif item.kind == "followup" and value == nil and (f[1] == "errno" or f[1] == "pid" or f[1] == "comm") then
      value = item[f[1]]
    elseif item.kind == "finding" and f[1] == "event" then
      value = item.event
    end
    if f[2] == "uint32" then
      value = tonumber(value)
    end
    if type(value) == "string" or type(value) == "number" then
      branch:add(proto_fields[f[1]], value)
    end
  end
  local owner, finding = owner_of(item), finding_of(item)
  if owner then
    branch:add(proto_fields.owner, owner)
  end
  if finding then
    branch:add(proto_fields.finding, finding)
  end
  branch:add(proto_fields.json, about.json)
end

register_postdissector(rsttrace)
