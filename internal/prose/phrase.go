package prose

import (
	"fmt"
	"regexp"
)

// phrase is one that plain prose does without.
type phrase struct {
	name    string
	pattern *regexp.Regexp
	unless  *regexp.Regexp // also in the sentence: then it is allowed; nil for never
	instead string
}

// phrases are chosen so that no good sentence has one. A word that is sometimes
// right, as "where" is of a place, is not here.
var phrases = []phrase{
	{
		"but for", regexp.MustCompile(`(?i)\bbut for\b`), regexp.MustCompile(`(?i)\b(not|never|nothing|only)\b.*\bbut for\b`),
		"except",
	},
	{
		"hold against", regexp.MustCompile(`(?i)\b(hold|holds|held|holding)\b[^.;:]{0,80}\bagainst\b`), nil,
		"compare with",
	},
	{
		"tell", regexp.MustCompile(`(?i)\b(tells?|telling|told)\b`), regexp.MustCompile(`(?i)\b(tells?|telling|told) ((\w+ )?\w+ (what to do|how to|to)|the peer)\b`),
		"show, report, distinguish or know",
	},
	{
		"stand", regexp.MustCompile(`(?i)\b(stands?|stood|standing)\b`), regexp.MustCompile(`(?i)\b(stands?|stood|standing) (for|out)\b|\bstand-`),
		"be",
	},
	{
		"some thousand", regexp.MustCompile(`(?i)\bsome (hundreds?|thousands?|millions?|dozens?|ten|twenty|\d[\d ]* [a-zµ%])`), nil,
		"about 1 000",
	},
	{
		"headless who", regexp.MustCompile(`(?i)\b(say|says|know|knows|show|shows|name|names|report|reports|see|sees|of|about|by) (who|whose) (\w+ )?(connected|closed|sent|called|wrote|read|owns?|holds?|acted|listens?|aborted|ended|did|is)\b`), nil,
		"the process that",
	},
	{
		"dangling the same", regexp.MustCompile(`(?i)\bthe same[.;:]|\w the same$|^(and |but )?the same (by|for|with|on|in|of|at|goes|holds|is|to)\b`),
		regexp.MustCompile(`(?i)\b(is|are|was|were|be|been|stays?|stayed|remains?|looks?|all|much|exactly|works?) the same\b`),
		"name what is meant",
	},
	{
		"anew", regexp.MustCompile(`(?i)\banew\b`), nil,
		"again",
	},
}

// forbidden lists the phrases of a sentence that should not be there.
func forbidden(sentence string) []string {
	var found []string
	for _, p := range phrases {
		if match := p.pattern.FindString(sentence); match != "" && (p.unless == nil || !p.unless.MatchString(sentence)) {
			found = append(found, fmt.Sprintf("%q (%s)", match, p.instead))
		}
	}
	return found
}
