package text

// Sentences of the verbs that list, about the form in which they give their rows.
const (
	CLIFlagOutput   Code = "cli.flag.output"
	CLIFlagOutFile  Code = "cli.flag.out-file"
	CLIFlagMark     Code = "cli.flag.bom"
	CLIFlagForce    Code = "cli.flag.force"
	CLIOutputNeeded Code = "cli.output-needed"
	CLINoSheetHere  Code = "cli.no-sheet-here"
	CLIEscaped      Code = "cli.escaped"
	CLIWritten      Code = "cli.written"
	CLIRowsOf       Code = "cli.rows-of"
	CLIRowsMore     Code = "cli.rows-more"
	CLIHeadingZone  Code = "cli.heading-zone"
	CLIQuoted       Code = "cli.quoted"
	CLIGridLedger   Code = "cli.grid-ledger"
	CLIGridLeft     Code = "cli.grid-left"
	CLIRowsColumns  Code = "cli.rows-columns"
	CLIShortExport  Code = "cli.short.record-export"
	CLILongExport   Code = "cli.long-record-export"
	CLIExportLost   Code = "cli.export-lost"
	CLIFlagAll      Code = "cli.flag.all"
	CLIAllOfMany    Code = "cli.all-of-many"
	CLIAllProgress  Code = "cli.all-progress"
	CLIAllTold      Code = "cli.all-told"
	CLIAllMoved     Code = "cli.all-moved"
	CLIPagesLooked  Code = "cli.pages-looked"
	CLIPagesTold    Code = "cli.pages-told"
	CLIPagesOn      Code = "cli.pages-on"
	CLIPagesKept    Code = "cli.pages-kept"
	CLIPartOn       Code = "cli.part-on"
	CLIPartKept     Code = "cli.part-kept"
	CLIPartFull     Code = "cli.part-full"
	CLIPartDamaged  Code = "cli.part-damaged"
	CLIPageDamaged  Code = "cli.page-damaged"
	CLIEndless      Code = "cli.pages-endless"
	CLIEndlessDo    Code = "cli.pages-endless-do"
	CLIFileInUse    Code = "cli.file-in-use"
	CLIFileInUseDo  Code = "cli.file-in-use-do"
	CLIFileOpen     Code = "cli.file-open"
	CLIFileOpenDo   Code = "cli.file-open-do"
	CLIFileBusy     Code = "cli.file-busy"
	CLIFileBusyDo   Code = "cli.file-busy-do"
	CLINotAFile     Code = "cli.not-a-file"
	CLINotAFileDo   Code = "cli.not-a-file-do"
	CLIFileNotOwn   Code = "cli.file-not-own"
	CLIFileNotOwnDo Code = "cli.file-not-own-do"
	CLIFlagSort     Code = "cli.flag.sort"
	CLISortUnknown  Code = "cli.sort-unknown"
	CLISortNear     Code = "cli.sort-near"
	CLISortNames    Code = "cli.sort-names"
	CLISortedPage   Code = "cli.sorted-page"
)

var outputSentences = []sentence{
	{CLIFlagOutput, "输出格式 `FORMAT`：{list}；默认表格，或者按 --out 的文件名", "the `FORMAT` of the rows: {list}; default a table, or told by the name of --out"},
	{CLIFlagOutFile, "写入 `FILE`；已有的文件不覆盖", "write the rows to `FILE`, which must not be there"},
	{CLIFlagMark, "csv、tsv 之前加 UTF-8 标记（表格软件需要；用 --out 时总是加）", "put the mark of UTF-8 before csv and tsv, as spreadsheet programs need it (with --out it is always there)"},
	{CLIFlagForce, "与 --out 合用：覆盖已有的文件", "with --out: replace the file if it is there"},
	{CLIFlagSort, "按一列排序：`FIELD` 为列名或表头，降序写 FIELD:desc", "sort by a column: `FIELD`, its name or its heading, or FIELD:desc for the other direction"},
	{CLISortNear, "没有列“{field}”，不能按它排序；相近的有 {near}；现有：{list}", "there is no column {field} to sort by; near it: {near}; there are: {list}"},
	{CLISortNames, "{words}；列名：{columns}", "{words}; by their names: {columns}"},
	{CLISortUnknown, "没有列“{field}”，不能按它排序；现有：{list}", "there is no column {field} to sort by; there are: {list}"},
	{CLISortedPage, "只排了这一页，另有其他页", "only this page is sorted, and there are other pages"},
	{CLIShortExport, "导出本部门数据资源的全部记录", "Export all records of a dataset of one's own"},
	{
		CLILongExport,
		"逐页取回本部门所提供数据资源的全部记录和全部数据项，每页记为一次使用。-o jsonl、json 的导出可原样导入；csv、tsv、xlsx 的单元格分不清\n没有值、null 和空文本，遇有这样的值会说明条数。与 --out 合用时，中断后再次执行同一命令即继续。",
		"Get all records with all fields of a dataset that the acting agency provides, page after page, each of which is a use.\nAn export as -o jsonl or json can be imported unchanged; the cells of csv, tsv and xlsx do not tell no value, null and the\nempty text apart, and how many such values there were is told. With --out the same command goes on after an interruption.",
	},
	{
		CLIExportLost, "有 {count} 个值（先见于“{column}”）在 {format} 的单元格中与没有值（或与表头）分不清，再导入时会有出入；要原样导入，请用 -o jsonl",
		"{count} [value|values] (the first in {column}) cannot be told from no value, from another or from the header in a cell of {format}: to import them again unchanged, use -o jsonl",
	},
	{CLIFlagAll, "取回全部记录，或把统计做完：逐页进行，每页是一次使用；与 --out 合用时，中断后再次执行同一命令即继续", "get all records, or the whole of a measure, page after page, each of which is a use; with --out the same command goes on after an interruption"},
	{CLIAllOfMany, "请先不加 --all 查询（--limit 最多 1000），再对尚有后续记录的地区逐个用 --at 名称 --all", "ask without --all (with --limit up to 1000), and then each place that has more with --at NAME --all"},
	{CLIAllProgress, "已取回 {count} 条", "got {count} [row|rows]"},
	{CLIPagesLooked, "已统计 {scanned} 条，共 {total} 条", "looked at {scanned} of {total} [record|records]"},
	{CLIPagesTold, "统计分 {uses} 页，每页是一次使用，使用记录见存证条目 {first} 至 {last}", "the measure took {uses} [page|pages], each of which is a use; the accesses are entries {first} to {last}"},
	{CLIPagesOn, "{file} 中已统计 {scanned} 条，共 {total} 条，接着统计", "going on after the {scanned} of {total} [record|records] in {file}"},
	{CLIPagesKept, "已统计到第 {scanned} 条，共 {total} 条，进度保存在 {file}；再次执行同一命令即继续", "how far it came, {scanned} of {total} [record|records], is kept in {file}; repeat the same command to go on"},
	{CLIAllTold, "共 {count} 条，使用 {uses} 次，使用记录见存证条目 {first} 至 {last}", "rows: {count}, in {uses} [use|uses]; the accesses are entries {first} to {last}"},
	{CLIAllMoved, "取回期间账本有新的条目（{first} 至 {last}）：各页截至不同的条目", "the ledger went on meanwhile (entries {first} to {last}): the pages are as of different entries"},
	{CLIPartOn, "{file} 中已有 {count} 条，接着取", "going on after the {count} [row|rows] in {file}"},
	{
		CLIPartFull,
		"请清理或扩充磁盘（或者配额）；已取回的 {count} 条保存在 {file}，再次执行同一命令即继续",
		"free or add space (or quota); the {count} [row|rows] that came [is|are] kept in {file}, and the same command goes on after them",
	},
	{
		CLIPartDamaged,
		"{file} 中的第 {page} 页在磁盘上已损坏，从该页起未采用，重新查询；重新查询的页可能另记使用",
		"page {page} in {file} was damaged on the disk; going on from there: it and what follows is asked for anew, which may be new uses",
	},
	{CLIPageDamaged, "保存的页在磁盘上已损坏，导出不完整", "a page that was kept is damaged on the disk, and the rows are not whole"},
	{CLIPartKept, "已取回的 {count} 条保存在 {file}；再次执行同一命令即继续", "the {count} [row|rows] that came [is|are] kept in {file}; repeat the same command to go on"},
	{
		CLIEndless, "应答的各页没有尽头：游标或者记录重复出现、各页的列不同，或者记录多于该数据资源的总数；已取回的一律未采用",
		"the pages that are answered have no end: a cursor or rows that came before, other columns than before, or more records than the dataset has; none of them is given",
	},
	{CLIEndlessDo, "请与被查询方的管理员核对；已发生的使用见 {xietong} asked list", "take it up with the administrator of whoever was asked; what was used so far is in `{xietong} asked list`"},
	{
		CLIFileNotOwn, "该文件不是只属于本用户的普通文件（属于他人、他人可读写，或者是链接），其内容不可信，没有读取，也没有写入",
		"this is no plain file of your own alone: it belongs to somebody else, others may read or write it, or it is a link; it is not believed, and nothing was written to it",
	},
	{CLIFileInUse, "另一个命令正在写入该文件，没有读取，也没有写入", "another command is writing the file; nothing was read, and nothing written"},
	{CLIFileInUseDo, "请等其完成；或者换用其他文件名", "wait until it is done, or choose another name"},
	{CLIFileOpen, "另一个程序正占用该文件，不能读写", "another program has the file open, and lets no other read or write it"},
	{CLIFileOpenDo, "请在那个程序（例如表格程序）中关闭该文件，再重新执行同一命令", "close the file in that program (a spreadsheet program, say), and repeat the command"},
	{CLIFileBusy, "该文件正被占用，不能读写", "the file is in use, and cannot be read or written"},
	{CLIFileBusyDo, "有程序（例如表格程序）打开了它的，请关闭后重新执行同一命令；它是挂载点（例如单独挂载到容器中的文件）的，请换用其他位置",
		"where a program has it open (a spreadsheet program, say), close it there and repeat the command; where it is a mount point (a file mounted into a container, say), choose another place"},
	{CLINotAFile, "标准输入、管道和设备不能用作这里的文件", "standard input, a pipe or a device cannot be the file here"},
	{CLINotAFileDo, "请先存为文件，再执行同一命令", "save it as a file first, and repeat the command"},
	{CLIFileNotOwnDo, "请查明来历后删除或移走，再次执行；或者换用其他文件名", "find out who made it, remove it or move it away, and repeat the command; or choose another name"},
	{CLIOutputNeeded, "从文件名 {file} 看不出格式，请用 -o 指明", "the name {file} does not tell the format: give -o"},
	{CLINoSheetHere, "xlsx 不能显示在终端上，请用 --out 指明文件", "xlsx cannot be shown on a terminal: give a file with --out"},
	{
		CLIEscaped, "{count} 个单元格中的控制字符已写成可见的形式（如 \\x1b）",
		"the control characters of {count} [cell|cells] are written visibly, such as \\x1b",
	},
	{CLIHeadingZone, "{heading}（{zone}）", "{heading} ({zone})"},
	{CLIQuoted, "“{word}”", "\"{word}\""},
	{CLIGridLedger, "{list}只列序号：{index} 即 {entry}", "under {list} stands the index alone: {index} is {entry}"},
	{CLIGridLeft, "终端宽度有限，未列出：{list}；加 --json 或 -o csv 可得全部", "left out for want of room: {list}; --json or -o csv has them"},
	{CLIWritten, "已写入 {file}：{count} 行", "written to {file}: {count} [row|rows]"},
	{CLIRowsOf, "{name}：{count} 条，使用记录见存证条目 {access}", "{name}: {count} [row|rows]; the access is entry {access}"},
	{
		CLIRowsColumns, "{name}的记录未写入：其数据项与其他地区的合计超过 {limit} 项，请用 --at 单独查询，或者用 --fields 指明所需数据项",
		"the records of {name} are not written: their fields and those of the other places are more than {limit}; ask it alone with --at, or name the fields with --fields",
	},
	{
		CLIRowsMore, "{count} 个地区尚有后续记录：请用 --limit 多取（最多 1000），或者用 --at 名称 --all 逐个查询",
		"places that have more records: {count}; raise --limit (up to 1000), or ask each with --at NAME --all",
	},
}
