package text

import "strings"

// The floors below name things by plain English words, in their errors and on the wire. These are the words that reach a
// person inside a sentence, with their Chinese.
var words = map[string]string{
	// kinds of entry (docs/protocol.md)
	"key set": "密钥集", "agency added": "部门登记", "catalogue entry": "目录发布", "record": "记录写入",
	"record retracted": "记录撤下", "import opened": "批量导入开始", "import published": "批量导入发布",
	"import abandoned": "批量导入放弃", "application": "共享申请", "grant": "共享权限", "grant revoked": "共享权限撤销",
	"access": "使用记录",

	// what is looked for
	"entry": "存证条目",

	// the parts of an application, with the flag that gives each
	"basis": "使用依据（basis）", "scenario": "应用场景（scenario）", "scope": "使用范围（scope）", "method": "使用方式（method）",
	"until": "使用期限（until）",
}

// Word returns a word of the floors below in the language, or, when it is none, the word itself.
func Word(l Lang, word string) string {
	if zh, ok := words[word]; ok && l == Zh {
		return zh
	}
	return word
}

// wordArgs are the values that are such words, or lists of them.
var wordArgs = []string{"what", "missing"}

// worded returns args with their words in the language.
func worded(l Lang, args Args) Args {
	if l != Zh {
		return args
	}
	told := make(Args, len(args))
	for name, value := range args {
		told[name] = value
	}
	for _, name := range wordArgs {
		list := strings.Split(told[name], ", ")
		for i, word := range list {
			list[i] = Word(l, word)
		}
		if _, given := told[name]; given {
			told[name] = strings.Join(list, "、")
		}
	}
	return told
}
