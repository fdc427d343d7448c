# Plain lines as JSON lines: the text alone, or, of tab-separated columns (-v text=4 -v label=2), with its class.
BEGIN { if (text) FS = "\t" }
function quoted(words) {
  gsub(/\\/, "\\\\", words)
  gsub(/"/, "\\\"", words)
  gsub(/[\001-\037]/, " ", words)
  return "\"" words "\""
}
text { print "{\"text\": " quoted($text) ", \"label\": " $label "}"; next }
/[^ ]/ { print "{\"text\": " quoted($0) "}" }
