# How often a classifier is right: JSON lines with a member `label`, and what `transect score --per-text
# --json` makes of the same texts.
#
#     awk -v set=NAME -v classes=0,0,1,2,2 -v scores=p_negative,p_neutral,p_positive -f accuracy.awk TEXTS SCORES
#
# The class is that of the largest score; a single score is the probability of the second of two classes.
# Prints set, texts, accuracy, the share of the commonest class, and the mean of the classes' recalls.
BEGIN { split(classes, class, ","); number = split(scores, score, ",") }
function member(name,  value) {
  value = $0
  if (!sub(".*\"" name "\": *", "", value)) return ""
  return value + 0
}
FNR == NR { truth[FNR] = classes == "" ? member("label") : class[member("label") + 1]; next }
/"kind":"text"/ {
  best = number == 1 && member(score[1]) > 0.5 ? 2 : 1
  for (i = 2; i <= number; i++) if (member(score[i]) > member(score[best])) best = i
  line = member("line")
  texts++
  count[truth[line]]++
  if (truth[line] == best - 1) { right++; hit[truth[line]]++ }
}
END {
  for (c in count) { if (count[c] > most) most = count[c]; recall += hit[c] / count[c]; of++ }
  printf "%s\t%d\t%.4f\t%.4f\t%.4f\n", set, texts, right / texts, most / texts, recall / of
}
