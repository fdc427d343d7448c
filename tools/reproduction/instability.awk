# Rows of the table of the instability study, from `transect origin --json` and `transect path --json` of a pair,
# in this order; the second may be missing. -v start=COLUMNS are those that go before.
function member(name,  value) {
  value = $0
  if (!sub(".*\"" name "\":", "", value)) return ""
  sub(/[,}].*/, "", value)
  gsub(/"/, "", value)
  return value
}
/"kind":"verdict"/ { log_p = member("ln_p_cert") / log(10) }
/"kind":"point"/ && member("distance_a") + 0 == 0 { distance = member("distance_b") }
/"definition":"barrier"/ {
  rows++
  print start "," member("text") "," member("height") "," member("lower") "," member("upper") "," distance "," log_p
}
END { if (!rows) print start ",,,,,," log_p }
