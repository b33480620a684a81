package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// latinWords are words that stand in Chinese sentences as they are, each with its reason.
var latinWords = strings.Fields(`
	CSV TSV JSON JSONL XLSX PDF Excel xlsx xls csv tsv json jsonl YAML CEL GB GBK GB18030 BOM UTF NFC ISO IP UDP QUIC TLS URL IANA UUID UUIDv7 CBOR
	HOST PORT NAME NUMBER HASH FIELD VALUE CODE TEXT DATE FILE RECEIPT PAYLOAD DATASET CONSUMER TITLE ENTRY GRANT TOKEN REPLICA KEY QUESTION BASIS PAPER REASON JURISDICTION EPOCH INDEX LABEL EXPORT
	true false null string integer number boolean array object
	debug info warn error text month dataset agency public
	province prefecture county township village
	unconditional conditional shared live revoked expired replaced stopped closed
	sum average minimum maximum count
	utf-8 utf-16be utf-16le gb18030 gbk big5
	civil-affairs households guizhou statistics UTF-8 log DIR keep clear level docs table measures group_by label name_zh T18 comma semicolon tab full-width nation parent shift-jis gaoxin smallest_cell counts quorum witness zh group all any none checkpoint
	purposes category citation not_secret key title code schema object where question claim measure consumer missing grant update_cycle
	type enum const properties required items prefixItems pattern format allOf anyOf oneOf not if then else defs ref money contains maxLength record NAME matches
	date time date-time duration email hostname ipv4 ipv6 uri uri-reference iri iri-reference uuid json-pointer semver
	Linux iconv timedatectl set ntp config yaml xt1 xr1 r1 r2 Asia Shanghai time_zone
	YAML HOST PORT name display_name short_name parent_address listen addresses jurisdictions version listn
`)

var (
	quotedWords     = regexp.MustCompile("“[^”]*”|\"[^\"]*\"|`[^`]*`")
	commandWords    = regexp.MustCompile(`xietong( [a-z][a-z.-]*)*|--[a-z][a-z-]*|-o\b|\$[A-Z_]+`)
	latinWord       = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]|[A-Za-z]`)
	goWords         = regexp.MustCompile(`json:|map\[|struct\b|\*os\.|strconv|unmarshal|errors\.|%!|&\{|<nil>|panic|goroutine|0x[0-9a-f]{4}`)
	columnsListed   = regexp.MustCompile(`(现有|列名|可用的列|只能是|允许的取值之内)：[a-z_,、A-Z ]*`)
	chineseSentence = regexp.MustCompile(`[，。；：（）]|\p{Han}{7,}`)
	hexGroup        = regexp.MustCompile(`^[0-9A-F]{2,4}$`)
	hanRune         = regexp.MustCompile(`\p{Han}+`)
)

// speaks fails on a sentence that is not in its language: Latin words in Chinese that are none of a
// flag, a command, a value that was typed, or one of latinWords; Chinese sentences in English; and
// on what only a programmer reads.
func speaks(t *testing.T, lang, line, said string) {
	t.Helper()
	if m := goWords.FindString(said); m != "" {
		t.Errorf("%s (%s): it says %q:\n%s", line, lang[:2], m, said)
	}
	typed := latinWord.FindAllString(line, -1)
	plain := said
	if !strings.HasPrefix(lang, "zh") {
		if m := chineseSentence.FindString(quotedWords.ReplaceAllString(plain, "")); m != "" && !strings.Contains(line, m) {
			t.Errorf("%s: %q in an English sentence:\n%s", line, m, said)
		}
		return
	}
	plain = commandWords.ReplaceAllString(quotedWords.ReplaceAllString(plain, ""), "")
	for l := range strings.Lines(plain) {
		if !hanRune.MatchString(l) && strings.TrimSpace(l) != "" && latinWord.MatchString(l) {
			t.Errorf("%s: a line without Chinese: %q", line, l)
			continue
		}
		l = columnsListed.ReplaceAllString(l, "")
		for _, word := range latinWord.FindAllString(l, -1) {
			if len(word) > 1 && !hexGroup.MatchString(word) && !slices.Contains(latinWords, word) && !slices.Contains(typed, word) && !strings.ContainsAny(word, "./") {
				t.Errorf("%s: %q in a Chinese sentence:\n%s", line, word, said)
				break
			}
		}
	}
}
