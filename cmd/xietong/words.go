package main

import (
	"strings"

	"xietong/node/text"
)

// The sentences that only the command line needs. Whatever another face says too is in package text.
const (
	// frames
	wError       text.Code = "cli.error"
	wUsage       text.Code = "cli.usage"
	wCommandWord text.Code = "cli.command-word"
	wCommands    text.Code = "cli.commands"
	wExamples    text.Code = "cli.examples"
	wFlags       text.Code = "cli.flags"
	wGlobalFlags text.Code = "cli.global-flags"
	wRootLong    text.Code = "cli.root-long"

	// help of the verbs
	wShortHelp           text.Code = "cli.short-help"
	wShortVersion        text.Code = "cli.short-version"
	wShortCompletion     text.Code = "cli.short-completion"
	wShortCompletionFor  text.Code = "cli.short-completion-for"
	wLongCompletion      text.Code = "cli.long-completion"
	wShortAgencyAdd      text.Code = "cli.short-agency-add"
	wShortAgencyList     text.Code = "cli.short-agency-list"
	wShortDatasetPublish text.Code = "cli.short-dataset-publish"
	wShortDatasetList    text.Code = "cli.short-dataset-list"
	wShortDatasetShow    text.Code = "cli.short-dataset-show"
	wShortRecordPut      text.Code = "cli.short-record-put"
	wShortRecordGet      text.Code = "cli.short-record-get"
	wShortRecordHistory  text.Code = "cli.short-record-history"
	wShortRecordRetract  text.Code = "cli.short-record-retract"
	wShortGrantList      text.Code = "cli.short-grant-list"
	wShortGrantRevoke    text.Code = "cli.short-grant-revoke"
	wShortCheckpoint     text.Code = "cli.short-checkpoint"
	wShortEntry          text.Code = "cli.short-entry"
	wShortReceipt        text.Code = "cli.short-receipt"
	wShortVerify         text.Code = "cli.short-verify"

	// longer help
	wLongInit           text.Code = "cli.long-init"
	wLongServe          text.Code = "cli.long-serve"
	wLongDatasetPublish text.Code = "cli.long-dataset-publish"
	wLongImport         text.Code = "cli.long-import"
	wLongQuery          text.Code = "cli.long-query"
	wLongGrantRevoke    text.Code = "cli.long-grant-revoke"
	wLongReceipt        text.Code = "cli.long-receipt"
	wLongVerify         text.Code = "cli.long-verify"

	// flags; the word in backquotes stands for the value
	wFlagHelp        text.Code = "cli.flag-help"
	wFlagData        text.Code = "cli.flag-data"
	wFlagIn          text.Code = "cli.flag-in"
	wFlagAs          text.Code = "cli.flag-as"
	wFlagJSON        text.Code = "cli.flag-json"
	wFlagDivision    text.Code = "cli.flag-division"
	wFlagDisplayName text.Code = "cli.flag-display-name"
	wFlagShortName   text.Code = "cli.flag-short-name"
	wFlagLevel       text.Code = "cli.flag-level"
	wFlagLogLevel    text.Code = "cli.flag-log-level"
	wFlagLogFormat   text.Code = "cli.flag-log-format"
	wFlagFormat      text.Code = "cli.flag-format"
	wFlagKeepGood    text.Code = "cli.flag-keep-good"
	wFlagReason      text.Code = "cli.flag-reason"
	wFlagKey         text.Code = "cli.flag-key"
	wFlagWhere       text.Code = "cli.flag-where"
	wFlagFilter      text.Code = "cli.flag-filter"
	wFlagFields      text.Code = "cli.flag-fields"
	wFlagLimit       text.Code = "cli.flag-limit"
	wFlagCursor      text.Code = "cli.flag-cursor"
	wFlagCount       text.Code = "cli.flag-count"
	wFlagVerify      text.Code = "cli.flag-verify"
	wFlagPurpose     text.Code = "cli.flag-purpose"
	wFlagBasis       text.Code = "cli.flag-basis"
	wFlagScenario    text.Code = "cli.flag-scenario"
	wFlagScope       text.Code = "cli.flag-scope"
	wFlagMethod      text.Code = "cli.flag-method"
	wFlagUntil       text.Code = "cli.flag-until"
	wFlagOut         text.Code = "cli.flag-out"
	wFlagRoot        text.Code = "cli.flag-root"

	// what is wrong with a command line
	wNoSuchVerb       text.Code = "cli.no-such-verb"
	wDidYouMean       text.Code = "cli.did-you-mean"
	wReadHelp         text.Code = "cli.read-help"
	wMissingArgument  text.Code = "cli.missing-argument"
	wTooManyArguments text.Code = "cli.too-many-arguments"
	wBadFlag          text.Code = "cli.bad-flag"
	wNoSuchFlag       text.Code = "cli.no-such-flag"
	wFlagNeedsValue   text.Code = "cli.flag-needs-value"
	wFlagBadValue     text.Code = "cli.flag-bad-value"
	wFlagNeeded       text.Code = "cli.flag-needed"
	wNotTogether      text.Code = "cli.not-together"
	wFieldValue       text.Code = "cli.field-value"
	wFieldTwice       text.Code = "cli.field-twice"
	wFormatNeeded     text.Code = "cli.format-needed"
	wBadEntry         text.Code = "cli.bad-entry"

	// other errors
	wSocket          text.Code = "cli.socket"
	wSocketDo        text.Code = "cli.socket-do"
	wNotUnderstood   text.Code = "cli.not-understood"
	wNotUnderstoodDo text.Code = "cli.not-understood-do"
	wFileChanged     text.Code = "cli.file-changed"
	wFileChangedDo   text.Code = "cli.file-changed-do"
	wInterrupted     text.Code = "cli.interrupted"
	wInterruptedDo   text.Code = "cli.interrupted-do"
	wBadFile         text.Code = "cli.bad-file"
	wBadFileDo       text.Code = "cli.bad-file-do"
	wFile            text.Code = "cli.file"
	wFileDo          text.Code = "cli.file-do"
	wOther           text.Code = "cli.other"
	wOtherDo         text.Code = "cli.other-do"

	// answers
	wInitConfig        text.Code = "cli.init-config"
	wInitNext          text.Code = "cli.init-next"
	wServing           text.Code = "cli.serving"
	wImportChecking    text.Code = "cli.import-checking"
	wImportBadWholeRow text.Code = "cli.import-bad-whole-row"
	wImportMoreBad     text.Code = "cli.import-more-bad"
	wAccess            text.Code = "cli.access"
	wPayloadSaved      text.Code = "cli.payload-saved"
	wReceiptErased     text.Code = "cli.receipt-erased"
	wPayloadUnseen     text.Code = "cli.payload-unseen"
	wVerifyProgress    text.Code = "cli.verify-progress"

	// headings and properties
	wID               text.Code = "cli.id"
	wVersion          text.Code = "cli.version"
	wCitation         text.Code = "cli.citation"
	wKey              text.Code = "cli.key"
	wIndexed          text.Code = "cli.indexed"
	wUpdateCycle      text.Code = "cli.update-cycle"
	wFields           text.Code = "cli.fields"
	wListComma        text.Code = "cli.list-comma"
	wImport           text.Code = "cli.import"
	wGrant            text.Code = "cli.grant"
	wLog              text.Code = "cli.log"
	wSize             text.Code = "cli.size"
	wRoot             text.Code = "cli.root"
	wAbout            text.Code = "cli.about"
	wSeq              text.Code = "cli.seq"
	wSigned           text.Code = "cli.signed"
	wCommitment       text.Code = "cli.commitment"
	wLeafHash         text.Code = "cli.leaf-hash"
	wChain            text.Code = "cli.chain"
	wContentType      text.Code = "cli.content-type"
	wVersionPut       text.Code = "cli.version-put"
	wVersionRetracted text.Code = "cli.version-retracted"
	wYes              text.Code = "cli.yes"
	wNo               text.Code = "cli.no"
)

// sentence is a sentence in both languages.
type sentence struct{ zh, en string }

// in returns the sentence with its {placeholders} replaced, each once: what looks like one in a value stays.
func (s sentence) in(l text.Lang, args text.Args) string {
	chosen := s.en
	if l == text.Zh {
		chosen = s.zh
	}
	var pairs []string
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(chosen)
}

var words = map[text.Code]sentence{
	// frames
	wError:       {"错误：{what}", "error: {what}"},
	wUsage:       {"用法：", "Usage:"},
	wCommandWord: {"命令", "COMMAND"},
	wCommands:    {"命令：", "Commands:"},
	wExamples:    {"示例：", "Examples:"},
	wFlags:       {"选项：", "Flags:"},
	wGlobalFlags: {"全局选项：", "Global flags:"},
	wRootLong: {
		"退出码：\n  0  完成（query --verify：相符）\n  1  被拒绝，或未能完成\n  2  命令行有误\n  3  无法连接节点\n  4  验证未通过：存证凭证或账本有误，或 query --verify 不符",
		"Exit codes:\n  0  done (query --verify: yes)\n  1  refused, or failed\n  2  the command line is wrong\n  3  the node cannot be reached\n  4  verification failed: a receipt or a ledger is wrong, or query --verify was answered no",
	},

	// help of the verbs
	wShortHelp:          {"查看命令的帮助", "Help about a command"},
	wShortVersion:       {"显示程序版本", "Print the program's version"},
	wShortCompletion:    {"生成命令行补全脚本", "Generate the completion script of a shell"},
	wShortCompletionFor: {"生成 {shell} 的补全脚本", "Generate the completion script for {shell}"},
	wLongCompletion: {
		"生成命令行补全脚本，例如：source <(xietong completion bash)",
		"Generate the completion script of a shell, for example: source <(xietong completion bash)",
	},
	wShortAgencyAdd:      {"登记部门", "Add an agency"},
	wShortAgencyList:     {"列出部门", "List the agencies"},
	wShortDatasetPublish: {"发布目录信息", "Publish a catalogue entry"},
	wShortDatasetList:    {"列出目录", "List the catalogue"},
	wShortDatasetShow:    {"查看一项目录信息", "Show a catalogue entry"},
	wShortRecordPut:      {"写入一条记录", "Put one record"},
	wShortRecordGet:      {"查看一条记录", "Show one record"},
	wShortRecordHistory:  {"查看一条记录的历次变动", "Show every version of a record"},
	wShortRecordRetract:  {"撤下一条记录", "Take a record out of use"},
	wShortGrantList:      {"列出共享权限", "List the grants"},
	wShortGrantRevoke:    {"撤销共享权限", "Revoke a grant"},
	wShortCheckpoint:     {"查看最新检查点", "Show the newest checkpoint"},
	wShortEntry:          {"查看一个条目的要素", "Show the head of an entry"},
	wShortReceipt:        {"保存一个条目的存证凭证", "Save the receipt of an entry"},
	wShortVerify:         {"离线验证存证凭证或数据目录", "Verify a receipt or a data directory offline"},

	// longer help
	wLongInit: {
		"在数据目录中新建节点，并生成密钥。NAME 为行政区划名称，自下级至上级以点分隔，设定后不能更改。",
		"Make a node, and its keys, in the data directory. NAME is the jurisdiction's name, lowest level first, joined by dots; it is permanent.",
	},
	wLongServe: {
		"运行节点，直至收到 SIGINT 或 SIGTERM。就绪后在标准输出打印一行；日志写到标准错误。",
		"Run the node until SIGINT or SIGTERM. One line on standard output says that it is ready; logs go to standard error.",
	},
	wLongDatasetPublish: {
		"发布 FILE.json 中的目录信息；“-”表示标准输入。编码相同的目录信息由新版本取代。",
		"Publish the catalogue entry in FILE.json (\"-\" is standard input). It replaces the one with the same code.",
	},
	wLongImport: {
		"先检查整个文件，不写入任何记录；全部合格（或加 --keep-good）后再导入。文件要读两遍，因此不能用标准输入。\n格式：csv（UTF-8，首行为数据项编码）或 jsonl（每行一个 JSON 对象）。",
		"The whole file is checked first, which writes nothing; it is loaded when every row is good, or with --keep-good.\nThe file is read twice, so it cannot be standard input. Formats: csv (UTF-8, the first line has the names of the\nfields) or jsonl (one JSON object a line).",
	},
	wLongQuery: {
		"查询数据资源的记录。每次查询都记入存证账本。加 --verify 时只问一项数据是否相符，不返回数据。\n值在数据规范中为数值或真假值的按其类型比较，其余按文本比较。",
		"Ask for records of a dataset. Every query is recorded in the ledger. With --verify, only whether a field has a value\nis asked, and no data are returned. A value is compared as a number or truth value if the schema says that the field\nis one, and as text otherwise.",
	},
	wLongGrantRevoke: {
		"撤销共享权限。GRANT 为共享权限的条目序号或完整名称。",
		"Revoke a grant. GRANT is the index or the whole name of its entry.",
	},
	wLongReceipt: {
		"保存 entry-INDEX.receipt（存证凭证）和 entry-INDEX.payload（内容，已销毁的没有）。ENTRY 为条目序号或完整名称。",
		"Save entry-INDEX.receipt and entry-INDEX.payload (which is absent when it was erased). ENTRY is the index or the whole\nname of the entry.",
	},
	wLongVerify: {
		"验证存证凭证：给出 RECEIPT、（如有）PAYLOAD 和 --root 起点标识。\n验证数据目录：不给参数，用 --data 指明已停止的节点的目录或其副本。\n两者都不需要运行中的节点。",
		"Verify a receipt: give RECEIPT, PAYLOAD if there is one, and the pin with --root.\nVerify a data directory: give no argument, and name the directory of a stopped node, or a copy, with --data.\nNeither needs a running node.",
	},

	// flags; the word in backquotes stands for the value
	wFlagHelp: {"显示帮助", "show this help"},
	wFlagData: {
		"数据目录 `DIR`（默认 $XIETONG_DATA，否则 ./xietong-data）",
		"the data directory `DIR` (default $XIETONG_DATA, else ./xietong-data)",
	},
	wFlagIn: {
		"行政区划名称 `NAME`（默认节点承载的唯一一个）",
		"the jurisdiction `NAME` (default the only one that the node hosts)",
	},
	wFlagAs:          {"以部门 `CODE` 的名义办理（默认唯一的部门）", "act as the agency `CODE` (default the only one)"},
	wFlagJSON:        {"输出 JSON", "print JSON"},
	wFlagDivision:    {"行政区划代码 `CODE`，如 520102", "the division `CODE`, such as 520102"},
	wFlagDisplayName: {"行政区划全称 `TEXT`", "the jurisdiction's full name, `TEXT`"},
	wFlagShortName:   {"行政区划简称 `TEXT`", "the jurisdiction's short name, `TEXT`"},
	wFlagLevel:       {"行政层级 `LEVEL`", "the `LEVEL` of the jurisdiction"},
	wFlagLogLevel:    {"日志级别 `LEVEL`：debug、info、warn、error", "log `LEVEL`: debug, info, warn, error"},
	wFlagLogFormat:   {"日志格式 `FORMAT`：text、json", "log `FORMAT`: text, json"},
	wFlagFormat: {
		"文件格式 `FORMAT`：csv、jsonl（默认按文件名判断）",
		"file `FORMAT`: csv, jsonl (default: told by the file's name)",
	},
	wFlagKeepGood: {"有不合格的行时仍导入合格的行", "load the good rows although others are bad"},
	wFlagReason:   {"理由 `TEXT`，必填", "the reason, `TEXT`; needed"},
	wFlagKey:      {"主键 `KEY`", "the record's `KEY`"},
	wFlagWhere:    {"数据项等于给定值：`FIELD=VALUE`，可多次使用", "the field has the value: `FIELD=VALUE`; may be repeated"},
	wFlagFilter:   {"筛选条件 `CEL`", "a filter, `CEL`"},
	wFlagFields:   {"只返回数据项 `A,B`", "return only the fields `A,B`"},
	wFlagLimit:    {"最多返回 `N` 条（默认由节点决定）", "return at most `N` rows (default: the node decides)"},
	wFlagCursor:   {"从上一页给出的 `CURSOR` 继续", "go on at the `CURSOR` that the page before gave"},
	wFlagCount:    {"只返回条数", "return only the number of records"},
	wFlagVerify: {
		"核验数据项是否为给定值：`FIELD=VALUE`，须同时给出 --key",
		"ask whether the field has the value: `FIELD=VALUE`; needs --key",
	},
	wFlagPurpose:  {"使用用途编码 `CODE`，须为目录所列", "the `CODE` of a purpose that the catalogue lists"},
	wFlagBasis:    {"使用依据 `TEXT`", "the law or duty that the use rests on, `TEXT`"},
	wFlagScenario: {"应用场景 `TEXT`", "the business it is for, `TEXT`"},
	wFlagScope:    {"使用范围 `TEXT`", "whose data and how much, `TEXT`"},
	wFlagMethod:   {"使用方式 `TEXT`", "how the data are to be used, `TEXT`"},
	wFlagUntil: {
		"使用期限 `TIME`：日期，或 RFC 3339 时间",
		"the end of the use, `TIME`: a date, or a time as in RFC 3339",
	},
	wFlagOut:  {"保存到目录 `DIR`（默认当前目录）", "save in the directory `DIR` (default the current one)"},
	wFlagRoot: {"起点标识 `PIN`", "the `PIN` that is trusted"},

	// what is wrong with a command line
	wNoSuchVerb:       {"{command} 没有命令 {verb}", "{command} has no command {verb}"},
	wDidYouMean:       {"是否要用：{command}", "did you mean: {command}"},
	wReadHelp:         {"请查看 {command} --help", "read {command} --help"},
	wMissingArgument:  {"缺少参数 {name}", "the argument {name} is missing"},
	wTooManyArguments: {"多余的参数 {value}", "the argument {value} is one too many"},
	wBadFlag:          {"选项有误：{reason}", "the flags are wrong: {reason}"},
	wNoSuchFlag:       {"没有选项 {flag}", "there is no flag {flag}"},
	wFlagNeedsValue:   {"选项 {flag} 缺少值", "the flag {flag} needs a value"},
	wFlagBadValue:     {"选项 {flag} 不能为“{value}”", "the flag {flag} cannot be \"{value}\""},
	wFlagNeeded:       {"缺少选项 {flag}", "the flag {flag} is needed"},
	wNotTogether:      {"选项 {flag} 与 {other} 不能同时使用", "the flags {flag} and {other} do not go together"},
	wFieldValue: {
		"选项 {flag} 的值应为 FIELD=VALUE，而不是“{value}”",
		"the flag {flag} takes FIELD=VALUE, not \"{value}\"",
	},
	wFieldTwice: {"选项 {flag} 两次给出数据项 {field}", "the flag {flag} names the field {field} twice"},
	wFormatNeeded: {
		"从文件名 {file} 看不出格式，请用 --format 指明",
		"the name {file} does not tell the format: give --format",
	},
	wBadEntry: {
		"“{value}”不是条目序号，也不是（--in 所指行政区划的）条目名称",
		"\"{value}\" is no index of an entry, and no name of one (of the jurisdiction that --in names)",
	},

	// other errors
	wSocket: {"无法打开节点的控制接口：{reason}", "the node's socket cannot be opened: {reason}"},
	wSocketDo: {
		"请用运行节点的用户执行，或检查数据目录的权限",
		"run this as the user who runs the node, or check the permissions of the data directory",
	},
	wNotUnderstood: {"无法理解节点的应答：{reason}", "the node's answer is not understood: {reason}"},
	wNotUnderstoodDo: {
		"请核对本程序与节点的版本是否一致（xietong version、xietong status）",
		"compare the versions of this program and of the node (xietong version, xietong status)",
	},
	wFileChanged: {"文件在导入过程中发生了变动：{reason}", "the file changed while it was imported: {reason}"},
	wFileChangedDo: {
		"请确认没有其他程序在写该文件，然后重新导入",
		"make sure that nothing writes to the file, then import it again",
	},
	wInterrupted:   {"已中断", "interrupted"},
	wInterruptedDo: {"请查明是否已经生效后再重试", "see whether it took effect before you try again"},
	wBadFile:       {"文件内容有误：{reason}", "the content of the file is wrong: {reason}"},
	wBadFileDo:     {"请改正文件后重试", "correct the file and try again"},
	wFile:          {"无法读写文件：{reason}", "the file cannot be read or written: {reason}"},
	wFileDo:        {"请核对路径和权限", "check the path and its permissions"},
	wOther:         {"未能完成：{reason}", "it could not be done: {reason}"},
	wOtherDo: {
		"请重试；如再次出现，请将以上内容告知管理员",
		"try again; if it happens again, give these lines to the administrator",
	},

	// answers
	wInitConfig:        {"配置文件 {file}", "configuration file {file}"},
	wInitNext:          {"下一步：xietong serve --data {dir}", "next: xietong serve --data {dir}"},
	wServing:           {"节点已就绪，数据目录 {dir}", "the node is ready, data directory {dir}"},
	wImportChecking:    {"正在检查 {percent}%", "checking, {percent} %"},
	wImportBadWholeRow: {"第 {row} 行：{reason}", "row {row}: {reason}"},
	wImportMoreBad:     {"另有 {count} 行不合格，未列出", "{count} more bad rows are not shown"},
	wAccess:            {"使用记录见存证条目 {access}", "the access is entry {access}"},
	wPayloadSaved:      {"内容已保存到 {file}，仅本用户可读", "saved the payload to {file}, readable by you alone"},
	wReceiptErased:     {"该条目的内容已销毁，存证凭证仍然有效", "the payload of this entry was erased; the receipt still holds"},
	wPayloadUnseen:     {"未给出内容文件，只验证了要素和内容承诺", "no payload was given: the head and the commitment were verified, the content was not"},
	wVerifyProgress:    {"已验证 {done}/{total} 个条目", "verified {done} of {total} entries"},

	// headings and properties
	wID:               {"标识", "id"},
	wVersion:          {"版本", "version"},
	wCitation:         {"不予共享的依据", "citation"},
	wKey:              {"主键", "key"},
	wIndexed:          {"索引", "indexed"},
	wUpdateCycle:      {"更新周期", "update cycle"},
	wFields:           {"数据项：", "fields:"},
	wListComma:        {"；", "; "},
	wImport:           {"导入条目", "import"},
	wGrant:            {"共享权限", "grant"},
	wLog:              {"存证账本", "ledger"},
	wSize:             {"条目数", "size"},
	wRoot:             {"根", "root"},
	wAbout:            {"所涉条目", "about"},
	wSeq:              {"部门内序号", "seq"},
	wSigned:           {"部门签名", "signed"},
	wCommitment:       {"内容承诺", "commitment"},
	wLeafHash:         {"叶哈希", "leaf hash"},
	wChain:            {"信任链", "chain"},
	wContentType:      {"内容类型", "content type"},
	wVersionPut:       {"写入", "put"},
	wVersionRetracted: {"撤下", "retracted"},
	wYes:              {"是", "yes"},
	wNo:               {"否", "no"},
}
