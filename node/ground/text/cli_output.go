package text

// Sentences of the verbs that list, about the form in which they give their rows.
const (
	CLIFlagOutput   Code = "cli.flag.output"
	CLIFlagOutFile  Code = "cli.flag.out-file"
	CLIFlagMark     Code = "cli.flag.bom"
	CLIFlagForce    Code = "cli.flag.force"
	CLIOutputNeeded Code = "cli.output-needed"
	CLINoSheetHere  Code = "cli.no-sheet-here"
	CLIWritten      Code = "cli.written"
	CLIRowsOf       Code = "cli.rows-of"
	CLIRowsMore     Code = "cli.rows-more"
	CLIFlagSort     Code = "cli.flag.sort"
	CLISortUnknown  Code = "cli.sort-unknown"
	CLISortedPage   Code = "cli.sorted-page"
)

var outputSentences = []sentence{
	{CLIFlagOutput, "输出格式 `FORMAT`：{list}；默认表格，或者按 --out 的文件名", "the `FORMAT` of the rows: {list}; default a table, or told by the name of --out"},
	{CLIFlagOutFile, "写入 `FILE`；已有的文件不覆盖", "write the rows to `FILE`, which must not be there"},
	{CLIFlagMark, "csv、tsv 之前加 UTF-8 标记（表格软件需要；用 --out 时总是加）", "put the mark of UTF-8 before csv and tsv, as spreadsheet programs need it (with --out it is always there)"},
	{CLIFlagForce, "与 --out 合用：覆盖已有的文件", "with --out: replace the file if it is there"},
	{CLIFlagSort, "按一列排序：`FIELD`，降序写 FIELD:desc", "sort by a column: `FIELD`, or FIELD:desc for the other direction"},
	{CLISortUnknown, "没有列“{field}”，不能按它排序；现有：{list}", "there is no column {field} to sort by; there are: {list}"},
	{CLISortedPage, "只排了这一页的记录，尚有后续记录", "only this page is sorted, and there are more records"},
	{CLIOutputNeeded, "从文件名 {file} 看不出格式，请用 -o 指明", "the name {file} does not tell the format: give -o"},
	{CLINoSheetHere, "xlsx 不能显示在终端上，请用 --out 指明文件", "xlsx cannot be shown on a terminal: give a file with --out"},
	{CLIWritten, "已写入 {file}：{count} 行", "written to {file}: {count} rows"},
	{CLIRowsOf, "{name}：{count} 条，使用记录见存证条目 {access}", "{name}: {count} rows; the access is entry {access}"},
	{
		CLIRowsMore, "{count} 个地区尚有后续记录：请用 --limit 多取（最多 1000），或者用 --at 逐个查询",
		"places that have more records: {count}; raise --limit (up to 1000), or ask each with --at",
	},
}
