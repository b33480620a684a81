package text

// Sentences of the verbs about records and their import.
const (
	CLIShortRecord        Code = "cli.short.record"
	CLIShortImport        Code = "cli.short.import"
	CLIRecordPut          Code = "cli.record.put"
	CLIRecordReplaced     Code = "cli.record.replaced"
	CLIRecordRetracted    Code = "cli.record.retracted"
	CLIImportChecked      Code = "cli.import.checked"
	CLIImportBadRow       Code = "cli.import.bad-row"
	CLIImportProgress     Code = "cli.import.progress"
	CLIImportDone         Code = "cli.import.done"
	CLIImportUnchanged    Code = "cli.import.unchanged"
	CLIImportEffect       Code = "cli.import.effect"
	CLIImportStay         Code = "cli.import.stay"
	CLIImportLeave        Code = "cli.import.leave"
	CLIImportLeaveSure    Code = "cli.import.leave-sure"
	CLIImportLeft         Code = "cli.import.left"
	CLIFlagReplace        Code = "cli.flag-replace"
	CLIFlagYes            Code = "cli.flag-yes"
	CLINotConfirmed       Code = "cli.not-confirmed"
	CLINotConfirmedDo     Code = "cli.not-confirmed-do"
	CLIShortRecordPut     Code = "cli.short-record-put"
	CLIShortRecordGet     Code = "cli.short-record-get"
	CLIShortRecordHistory Code = "cli.short-record-history"
	CLIRecordOlder        Code = "cli.record-older"
	CLIShortRecordRetract Code = "cli.short-record-retract"
	CLILongImport         Code = "cli.long-import"
	CLIFlagFormat         Code = "cli.flag-format"
	CLIFlagKeepGood       Code = "cli.flag-keep-good"
	CLIFormatNeeded       Code = "cli.format-needed"
	CLIImportChecking     Code = "cli.import-checking"
	CLIImportBadWholeRow  Code = "cli.import-bad-whole-row"
	CLIImportMoreBad      Code = "cli.import-more-bad"
	CLIImport             Code = "cli.import"
	CLIVersionPut         Code = "cli.version-put"
	CLIVersionRetracted   Code = "cli.version-retracted"
	CLIImportBadSaved     Code = "cli.import-bad-saved"
)

var recordSentences = []sentence{
	{CLIShortRecord, "写入、撤下和追溯记录", "Put, retract and trace records"},
	{CLIShortImport, "检查并导入 CSV 或 JSON 文件", "Check and import a CSV or JSON file"},
	{CLIRecordPut, "已写入记录，存证条目 {entry}", "put the record, entry {entry}"},
	{CLIRecordReplaced, "已更新记录，存证条目 {entry}", "replaced the record, entry {entry}"},
	{CLIRecordRetracted, "已撤下记录，存证条目 {entry}", "retracted the record, entry {entry}"},
	{CLIImportChecked, "共 {rows} 行，合格 {good} 行，不合格 {bad} 行", "{rows} rows: {good} good, {bad} bad"},
	{CLIImportBadRow, "数据第 {row} 行，“{column}”列：{reason}", "data row {row}, column {column}: {reason}"},
	{CLIImportProgress, "已导入 {done}/{total} 行", "imported {done} of {total} rows"},
	{CLIImportDone, "导入完成：{rows} 行，跳过 {skipped} 行，存证条目 {entry}",
		"import published: {rows} rows, {skipped} skipped, entry {entry}"},
	{CLIImportUnchanged, "没有变化，未写入任何内容：该文件已于 {time} 发布（存证条目 {entry}），此后该数据资源的记录没有变动",
		"nothing changed, nothing was written: this file was published at {time} as entry {entry}, and the records have not changed since"},
	{CLIImportEffect, "与现有记录相比：新增 {new} 条，更新 {replaced} 条，内容不变 {unchanged} 条",
		"compared with the present records: {new} new, {replaced} changed, {unchanged} the same"},
	{CLIImportStay, "现有记录中有 {absent} 条不在该文件中，仍予保留；如需撤下，请加 --replace",
		"{absent} records of the dataset are not in this file; they stay; --replace takes them out"},
	{CLIImportLeave, "现有记录中有 {absent} 条不在该文件中，将予撤下", "{absent} records of the dataset are not in this file, and will be taken out"},
	{CLIImportLeaveSure, "确定撤下这 {absent} 条记录吗？输入 y 继续，否则取消", "take these {absent} records out? y to go on, anything else to stop"},
	{CLIImportLeft, "已撤下不在文件中的记录 {left} 条", "{left} records that are not in the file were taken out"},
	{CLIFlagReplace, "使该数据资源与文件完全一致：撤下不在文件中的记录", "make the dataset exactly the file: take out the records that are not in it"},
	{CLIFlagYes, "不再询问，直接执行", "go on without asking"},
	{CLINotConfirmed, "未经确认，没有写入任何内容", "it was not confirmed, and nothing was written"},
	{CLINotConfirmedDo, "核对上面列出的影响，确认后重新执行并输入 y，或加 --yes", "read above what would change; repeat the command and answer y, or add --yes"},
	{CLIShortRecordPut, "写入一条记录", "Put one record"},
	{CLIShortRecordGet, "查看一条记录", "Show one record"},
	{CLIRecordOlder, "以上为最近 {count} 个版本，更早的版本未列出", "These are the newest {count} versions; older ones are not listed"},
	{CLIShortRecordHistory, "查看一条记录的历次变动", "Show every version of a record"},
	{CLIShortRecordRetract, "撤下一条记录", "Take a record out of use"},
	{
		CLILongImport,
		"先检查整个文件，不写入任何记录；全部合格（或加 --keep-good）后再导入。文件要读两遍，因此不能用标准输入。\n格式：csv（UTF-8，首行为数据项编码）或 jsonl（每行一个 JSON 对象）。行号自数据的第一行起算，csv 的首行不计。\n加 --keep-good 时，未导入的行列入 FILE.bad.csv。中断后再次执行同一命令，即从中断处继续。",
		"The whole file is checked first, which writes nothing; it is loaded when every row is good, or with --keep-good.\nThe file is read twice, so it cannot be standard input. Formats: csv (UTF-8, the first line has the names of the\nfields) or jsonl (one JSON object a line). Rows are counted from the first row of data: the first line of a csv is none.\nWith --keep-good the rows left out are listed in FILE.bad.csv. The same command again, after a crash, goes on where\nit stopped.",
	},
	{
		CLIFlagFormat,
		"文件格式 `FORMAT`：csv、jsonl（默认按文件名判断）",
		"file `FORMAT`: csv, jsonl (default: told by the file's name)",
	},
	{CLIFlagKeepGood, "有不合格的行时仍导入合格的行", "load the good rows although others are bad"},
	{
		CLIFormatNeeded,
		"从文件名 {file} 看不出格式，请用 --format 指明",
		"the name {file} does not tell the format: give --format",
	},
	{CLIImportChecking, "正在检查 {percent}%", "checking, {percent} %"},
	{CLIImportBadWholeRow, "数据第 {row} 行：{reason}", "data row {row}: {reason}"},
	{CLIImportMoreBad, "另有 {count} 行不合格，未列出", "{count} more bad rows are not shown"},
	{CLIImport, "导入条目", "import"},
	{CLIVersionPut, "写入", "put"},
	{CLIVersionRetracted, "撤下", "retracted"},
	{CLIImportBadSaved, "未导入的 {count} 行已列入 {file}", "the {count} rows left out are listed in {file}"},
}
