# Sentences of JSON lines with a member `text`, as they are (label 1) and spoiled (label 0), as JSON lines.
#
#     awk -v most=60000 -f spoil.awk FILE.jsonl...
#
# A sentence has 4 to 30 words; half of them are cut at a random word, as generated texts are. It is spoiled
# by two faults, or up to as many as it has words: neighbours swapped, a word dropped, doubled, or exchanged for
# one of an earlier sentence. Of each file at most `most` sentences are taken, evenly. Texts stay escaped as JSON
# has them. Random numbers are those of Park and Miller (1988), so that any awk gives the same.
BEGIN { state = 2211 }
FNR == 1 && NR > 1 { flush_file() }
{
  text = $0
  if (!sub(/^.*"text": "/, "", text)) next
  sub(/"[^"]*$/, "", text)
  gsub(/\\n/, "\n", text)
  gsub(/[.!?] +/, "&\n", text)
  count = split(text, parts, /\n+/)
  for (i = 1; i <= count; i++) {
    sub(/^ +/, "", parts[i]); sub(/ +$/, "", parts[i])
    words = split(parts[i], word, / +/)
    if (words >= 4 && words <= 30) sentence[++found] = parts[i]
  }
}
END { flush_file() }

function flush_file(  i, taken) {
  taken = found > most ? most : found
  for (i = 1; i <= taken; i++) one(sentence[int((i - 1) * found / taken) + 1])
  found = 0
}

function one(text,  n, i, faults, whole, broken) {
  n = split(text, word, / +/)
  if (draw(2) == 0) n = 4 + draw(n - 3)
  whole = joined(n)
  faults = 2 + draw(n - 1)
  for (i = 1; i <= faults; i++) n = spoiled(n)
  broken = joined(n)
  for (i = 1; i <= n && pool < 20000; i++) other[++pool] = word[i]
  if (broken == whole) return
  print "{\"text\": \"" whole "\", \"label\": 1}"
  print "{\"text\": \"" broken "\", \"label\": 0}"
}

# Spoils `word`, of n words, and returns how many there are now.
function spoiled(n,  place, fault, kept, i) {
  place = 1 + draw(n - 1)
  fault = draw(4)
  if (fault == 0) { kept = word[place]; word[place] = word[place + 1]; word[place + 1] = kept }
  else if (fault == 1 && n > 3) { for (i = place; i < n; i++) word[i] = word[i + 1]; n-- }
  else if (fault == 2) { for (i = ++n; i > place; i--) word[i] = word[i - 1] }
  else if (pool) word[place] = other[1 + draw(pool)]
  return n
}

function joined(n,  text, i) {
  text = word[1]
  for (i = 2; i <= n; i++) text = text " " word[i]
  return text
}

# A whole number from 0 to n - 1.
function draw(n) { state = state * 16807 % 2147483647; return state % n }
