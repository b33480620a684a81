package text

// Sentences of the verbs about records and their import.
const (
	CLIShortRecord        Code = "cli.short.record"
	CLIShortImport        Code = "cli.short.import"
	CLIRecordPut          Code = "cli.record.put"
	CLIRecordReplaced     Code = "cli.record.replaced"
	CLIRecordSame         Code = "cli.record.same"
	CLIImportSame         Code = "cli.import.same"
	CLIRecordRetracted    Code = "cli.record.retracted"
	CLIImportChecked      Code = "cli.import.checked"
	CLIImportProgress     Code = "cli.import.progress"
	CLIImportDone         Code = "cli.import.done"
	CLIImportUnchanged    Code = "cli.import.unchanged"
	CLIImportEffect       Code = "cli.import.effect"
	CLIImportEffectGood   Code = "cli.import.effect-good"
	CLIImportStay         Code = "cli.import.stay"
	CLIImportLeave        Code = "cli.import.leave"
	CLIImportLeaveSure    Code = "cli.import.leave-sure"
	CLIImportLeft         Code = "cli.import.left"
	CLIFlagReplace        Code = "cli.flag-replace"
	CLIFlagEncoding       Code = "cli.flag-encoding"
	CLIFlagDelimiter      Code = "cli.flag-delimiter"
	CLIFlagSheet          Code = "cli.flag-sheet"
	CLIFlagAsSpreadsheet  Code = "cli.flag-as-spreadsheet"
	CLIFlagMissing        Code = "cli.flag-missing"
	CLIImportTaken        Code = "cli.import.taken"
	CLIImportDelimiter    Code = "cli.import.delimiter"
	CLITab                Code = "cli.tab"
	CLIImportSheet        Code = "cli.import.sheet"
	CLIImportHidden       Code = "cli.import.hidden"
	CLIImportTitles       Code = "cli.import.titles"
	CLIImportKept         Code = "cli.import.kept"
	CLIImportCleared      Code = "cli.import.cleared"
	CLIImportLacks        Code = "cli.import.lacks"
	CLIImportReading      Code = "cli.import.reading"
	CLIImportAlike        Code = "cli.import.alike"
	CLIImportAlikeRecord  Code = "cli.import.alike-record"
	CLIFileGiven          Code = "cli.file-given"
	CLIImportTotals       Code = "cli.import.totals"
	CLIImportShort        Code = "cli.import.short"
	CLIImportMendable     Code = "cli.import.mendable"
	CLIImportStopped      Code = "cli.import.stopped"
	CLIImportStoppedDo    Code = "cli.import.stopped-do"
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
	CLIImportChecking     Code = "cli.import-checking"
	CLIImportMoreBad      Code = "cli.import-more-bad"
	CLIImport             Code = "cli.import"
	CLIVersionPut         Code = "cli.version-put"
	CLIVersionRetracted   Code = "cli.version-retracted"
	CLIImportBadSaved     Code = "cli.import-bad-saved"

	CLIShortRecordCheck    Code = "cli.short-record-check"
	CLILongRecordCheck     Code = "cli.long-record-check"
	CLIFlagSaveBad         Code = "cli.flag-save-bad"
	CLICheckBadHint        Code = "cli.check-bad-hint"
	CLICheckBadSaved       Code = "cli.check-bad-saved"
	CLICheckNeedsRecords   Code = "cli.check-needs-records"
	CLICheckNeedsRecordsDo Code = "cli.check-needs-records-do"
	CLICheckBy             Code = "cli.check-by"
	CLICheckByVersion      Code = "cli.check-by-version"
	CLICheckOffline        Code = "cli.check-offline"
	CLICheckOfflineLacks   Code = "cli.check-offline-lacks"
)

var recordSentences = []sentence{
	{CLIShortRecord, "写入、撤下和追溯记录", "Put, retract and trace records"},
	{CLIShortImport, "检查并导入表格（CSV、xlsx）或 JSON 文件", "Check and import a table (CSV, xlsx) or JSON file"},
	{CLIRecordPut, "已写入记录，存证条目 {entry}", "put the record, entry {entry}"},
	{CLIRecordReplaced, "已更新记录，存证条目 {entry}", "replaced the record, entry {entry}"},
	{CLIRecordSame, "没有变化，未写入任何内容：现有记录与此相同，存证条目 {entry}", "nothing changed, nothing was written: the record is the same already, entry {entry}"},
	{
		CLIImportSame, "没有变化，未写入任何内容：这 {rows} 行与现有记录相同；该数据资源的记录最近一次变动在 {time}（存证条目 {entry}）",
		"nothing changed, nothing was written: {rows} [row is|rows are] the same as the records, which changed last at {time} by entry {entry}",
	},
	{CLIRecordRetracted, "已撤下记录，存证条目 {entry}", "retracted the record, entry {entry}"},
	{CLIImportChecked, "共 {rows} 行，合格 {good} 行，不合格 {bad} 行", "{rows} [row|rows]: {good} good, {bad} bad"},
	{CLIImportProgress, "正在导入：已完成 {percent}%", "importing: {percent} % done"},
	{CLIImportDone, "导入完成：{rows} 行，跳过 {skipped} 行，存证条目 {entry}",
		"import published: {rows} [row|rows], {skipped} skipped, entry {entry}"},
	{CLIImportUnchanged, "没有变化，未写入任何内容：该文件已于 {time} 发布（存证条目 {entry}），此后该数据资源的记录没有变动",
		"nothing changed, nothing was written: this file was published at {time} as entry {entry}, and the records have not changed since"},
	{CLIImportEffect, "与现有记录相比：新增 {new} 条，更新 {replaced} 条，内容不变 {unchanged} 条",
		"compared with the present records: {new} new, {replaced} changed, {unchanged} the same"},
	{CLIImportEffectGood, "合格的行与现有记录相比：新增 {new} 条，更新 {replaced} 条，内容不变 {unchanged} 条；不合格的行未作比较",
		"the good rows compared with the present records: {new} new, {replaced} changed, {unchanged} the same; bad rows are not compared"},
	{CLIImportStay, "现有记录中有 {absent} 条不在该文件中，仍予保留；如需撤下，请加 --replace",
		"{absent} [record|records] of the dataset [is|are] not in this file, and [stays|stay]; --replace takes [it|them] out"},
	{CLIImportLeave, "现有记录中有 {absent} 条不在该文件中，将予撤下", "{absent} [record|records] of the dataset [is|are] not in this file, and will be taken out"},
	{CLIImportLeaveSure, "确定撤下这 {absent} 条记录吗？输入 y 继续，否则取消", "take [this|these:absent] {absent} [record|records] out? y to go on, anything else to stop"},
	{CLIImportLeft, "已撤下不在文件中的记录 {left} 条", "{left} [record|records] that [is|are] not in the file [was|were] taken out"},
	{CLIFlagEncoding, "文字编码 `ENCODING`：utf-8、gb18030、big5 等（默认按内容判断）", "`ENCODING` of text: utf-8, gb18030, big5, … (default: told by the content)"},
	{CLIFlagDelimiter, "分隔符 `CHARACTER`（默认按内容判断）", "the `CHARACTER` between cells (default: told by the content)"},
	{CLIFlagSheet, "工作簿中的工作表 `SHEET`（默认为唯一有数据的一个）", "the `SHEET` of a workbook (default: the only one with data)"},
	{CLIFlagAsSpreadsheet, "同时按表格程序显示的样子理解单元格：是/否、2020/2/3、8:30（按北京时间）、1,234、全角数字",
		"read cells also as spreadsheets show them: 是/否, TRUE, 2020/2/3, 8:30 (of Beijing), 1,234, full-width digits"},
	{CLIFlagMissing, "文件缺列时 `WORD`：keep（保持现值）或 clear（清空）", "for fields without a column, `WORD`: keep (the present values) or clear"},
	{CLIImportTaken, "读取方式：{how}", "read as {how}"},
	{CLIImportDelimiter, "分隔符“{delimiter}”", "delimiter {delimiter}"}, {CLITab, "制表符", "tab"},
	{CLIImportSheet, "工作表“{sheet}”", "sheet {sheet}"},
	{CLIImportHidden, "隐藏的工作表没有读取：{sheets}", "hidden sheets are not read: {sheets}"},
	{CLIImportTitles, "表头以上是标题，不作为数据：第 {lines} 行", "what stands above the header is a title and no data: line {lines}"},
	{CLIImportKept, "文件中没有这些列，记录保持现值：{fields}", "no column for {fields}: records keep their present values"},
	{CLIImportLacks, "文件中没有这些列，导入的记录也就没有这些数据项：{fields}", "no column for {fields}: the records have no value for them"},
	{CLIImportCleared, "文件中没有这些列，将予清空：{fields}", "no column for {fields}: no record will have them"},
	{CLIImportReading, "第 {line} 行 {letter} 列：“{cell}”读作 {read}", "line {line}, column {letter}: {cell} is read as {read}"},
	{CLIImportAlike, "第 {line} 行的主键与第 {first} 行的只有大小写、全半角、组合方式或不显示的字符不同，请核对",
		"line {line}: its key differs from that of line {first} by case, width, composition or what is not shown alone; check it"},
	{CLIImportAlikeRecord, "第 {line} 条记录的主键与第 {first} 条的只有大小写、全半角、组合方式或不显示的字符不同，请核对",
		"record {line}: its key differs from that of record {first} by case, width, composition or what is not shown alone; check it"},
	{CLIFileGiven, "所给的文件", "the file that was given"},
	{CLIImportShort, "有 {count} 行的列数少于表头，缺的按空白导入，也可能是被截断的行，请核对：第 {lines} 行",
		"{count} [row has|rows have] fewer cells than the header; what is lacking is taken as empty, but the row may be cut short; check it: line {lines}"},
	{CLIImportTotals, "疑为合计，将作为记录导入，请核对（如是合计，请删去该行）：第 {lines} 行",
		"it seems to be a total, and would be a record; check it, and delete the row if it is one: line {lines}"},
	{CLIImportMendable, "其中 {count} 行如按表格程序显示的样子理解即合格：请加 --as-spreadsheet 重试，并核对所列的读法",
		"{count} of the bad rows [is|are:count] good when [its|their:count] cells are read as a spreadsheet shows them: try --as-spreadsheet, and look at the readings it tells"},
	{CLIImportStopped, "导入中断，没有收到应答：{reason}", "the import stopped, and no answer came: {reason}"},
	{CLIImportStoppedDo, "请重新执行同一命令：从中断处继续；如果其实已经发布，会告知而不会重复导入",
		"repeat the same command: it goes on where it stopped; if it was published after all, that is told, and nothing is imported twice"},
	{CLIFlagReplace, "使该数据资源与文件完全一致：撤下不在文件中的记录", "make the dataset exactly the file: take out the records that are not in it"},
	{CLIFlagYes, "不再询问，直接执行", "go on without asking"},
	{CLINotConfirmed, "未经确认，没有写入任何内容", "it was not confirmed, and nothing was written"},
	{CLINotConfirmedDo, "核对上面列出的影响，确认后重新执行并输入 y，或加 --yes", "read above what would change; repeat the command and answer y, or add --yes"},
	{CLIShortRecordPut, "写入一条记录", "Put one record"},
	{CLIShortRecordGet, "查看一条记录", "Show one record"},
	{CLIRecordOlder, "以上为最近 {count} 个版本，更早的版本未列出", "[This is|These are:count] the newest {count} [version|versions]; older ones are not listed"},
	{CLIShortRecordHistory, "查看一条记录的历次变动", "Show every version of a record"},
	{CLIShortRecordRetract, "撤下一条记录", "Take a record out of use"},
	{
		CLILongImport,
		"先检查整个文件，不写入任何记录，并列出与现有记录相比的变化；全部合格（或加 --keep-good）后再导入。文件要读两遍，因此不能用标准输入。\n格式：csv、tsv、json（一个列表）、jsonl（每行一个对象）、xlsx（一个工作表）；格式、编码、分隔符和工作表按内容判断并告知。\n列名可用数据项编码或其名称。加 --keep-good 时，未导入的行写入 FILE.bad.csv（或 .jsonl），改正后可直接导入；没有改正的行仍不能导入。中断后再次执行同一命令，即从中断处继续。",
		"The whole file is checked first, which writes nothing and tells what it would change; it is loaded when every row is\ngood, or with --keep-good. The file is read twice, so it cannot be standard input. Formats: csv, tsv, json (one list),\njsonl (one object a line), xlsx (one sheet); format, encoding, delimiter and sheet are found in the content, and told.\nColumns are headed by the names of fields or by their titles. With --keep-good the rows left out are written to\nFILE.bad.csv (or .jsonl), to be mended and imported; a row that is not mended is refused again. The same command again,\nafter a crash, goes on where it stopped.",
	},
	{
		CLIFlagFormat,
		"文件格式 `FORMAT`：csv、tsv、json、jsonl、xlsx（默认按内容判断）",
		"file `FORMAT`: csv, tsv, json, jsonl, xlsx (default: told by the content)",
	},
	{CLIFlagKeepGood, "有不合格的行时仍导入合格的行", "load the good rows although others are bad"},
	{CLIImportChecking, "正在检查 {percent}%", "checking, {percent} %"},
	{CLIImportMoreBad, "另有 {count} 行不合格，未列出", "{count} more bad rows are not shown"},
	{CLIImport, "导入条目", "import"},
	{CLIShortRecordCheck, "检查表格或 JSON 文件，不写入任何记录；也可离线检查", "Check a table or JSON file, and write no record; also without a node"},
	{
		CLILongRecordCheck,
		"检查整个文件，逐行说明哪里不合格、应当怎样填，不写入任何记录。全部合格时退出码为 0，否则为 1。\n第一个参数是数据资源的编码时，由节点按现行目录检查，并与现有记录比较。\n第一个参数是目录文件时，不需要节点，也不联网，在 Windows 和 macOS 上同样可用：目录文件就是 dataset publish 读取的文件，或者 dataset show、dataset standard show 加 --json 的输出。离线检查不知道节点上的记录，因此不说明会新增、更新或撤下哪些，也不能用 --missing keep 和 --replace。",
		"The whole file is checked: of each row that is not good it tells what is wrong and what is wanted. No record is\nwritten. The exit code is 0 if every row is good, and 1 if not. With the code of a dataset, the node checks by the entry\nin force, and compares with the records. With a file of the entry no node is needed, and no network, so that works on\nWindows and macOS too: it is the file that `dataset publish` takes, or what `dataset show` and `dataset standard show`\nprint with --json. Without a node the records are not known, so it does not tell what would be new, changed or taken\nout, and takes neither --missing keep nor --replace.",
	},
	{CLIFlagSaveBad, "将不合格的行另存为 FILE.bad.csv（或 .jsonl），逐行写明原因", "write the bad rows to FILE.bad.csv (or .jsonl), each with what is wrong"},
	{CLICheckBadHint, "加 --save-bad 可将不合格的行另存为文件，逐行写明原因", "--save-bad writes the bad rows to a file of their own, each with what is wrong"},
	{CLICheckBadSaved, "不合格的 {count} 行已另存为 {file}，逐行写明原因；合格的行不在其中",
		"the {count} bad [row|rows] [is|are] in {file}, each with what is wrong; the good rows are not in it"},
	{CLICheckNeedsRecords, "{flag} 要对照节点上的记录；按目录文件检查时不连接节点", "{flag} needs the records of a node, and no node is asked where the entry comes from a file"},
	{CLICheckNeedsRecordsDo, "请去掉 {flag}；或者在节点所在的机器上执行，第一个参数改写数据资源的编码",
		"leave {flag} out; or run it on the machine of the node, with the code of the dataset in the place of the file"},
	{CLICheckBy, "按 {file} 中的目录“{title}”检查", "checked by the entry {title} in {file}"},
	{CLICheckByVersion, "按 {file} 中的目录“{title}”第 {version} 版检查", "checked by the entry {title}, version {version}, in {file}"},
	{CLICheckOffline, "没有连接节点，不知道现有记录，因此没有比较会新增、更新或撤下哪些；导入时节点按其现行目录再检查一次",
		"no node was asked: what the file would add, change or take out is not known, and an import checks it again by the entry in force there"},
	{CLICheckOfflineLacks, "该数据资源已有记录的，导入时须写明 --missing keep 或 --missing clear", "where the dataset has records already, the import needs --missing keep or --missing clear"},
	{CLIVersionPut, "写入", "put"},
	{CLIVersionRetracted, "撤下", "retracted"},
	{CLIImportBadSaved, "未导入的 {count} 行已写入 {file}：请改正后导入该文件（没有改正的行仍会被拒绝）", "the {count} [row|rows] left out [is|are] in {file}: mend and import it (a row that is not mended is refused again)"},
}
