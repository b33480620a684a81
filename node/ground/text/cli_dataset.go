package text

// Sentences of the verbs about the catalogue.
const (
	CLIShortDataset        Code = "cli.short.dataset"
	CLIDatasetDone         Code = "cli.dataset.published"
	CLIShortDatasetPublish Code = "cli.short-dataset-publish"
	CLIShortDatasetList    Code = "cli.short-dataset-list"
	CLIShortDatasetShow    Code = "cli.short-dataset-show"
	CLILongDatasetPublish  Code = "cli.long-dataset-publish"
	CLICitation            Code = "cli.citation"
	CLIKey                 Code = "cli.key"
	CLIIndexed             Code = "cli.indexed"
	CLIUpdateCycle         Code = "cli.update-cycle"
	CLIFields              Code = "cli.fields"
	CLIRequired            Code = "cli.required"
	CLIFieldMarks          Code = "cli.field-marks"
	CLIFieldRules          Code = "cli.field-rules"
	CLIForLevel            Code = "cli.for-level"
)

var datasetSentences = []sentence{
	{CLIShortDataset, "发布和查看目录", "Publish to the catalogue and read it"},
	{CLIDatasetDone, "已发布目录：{title}（{dataset}），第 {version} 版，存证条目 {entry}",
		"published {title} ({dataset}), version {version}, entry {entry}"},
	{CLIShortDatasetPublish, "发布目录信息", "Publish a catalogue entry"},
	{CLIShortDatasetList, "列出目录", "List the catalogue"},
	{CLIShortDatasetShow, "查看一项目录信息", "Show a catalogue entry"},
	{
		CLILongDatasetPublish,
		"发布 FILE.json 中的目录信息；“-”表示标准输入。编码相同的目录信息由新版本取代。\n加 --records FILE 时，先按新目录检查文件并写入（此时尚不生效），显示影响并询问，再将目录与记录一次发布：此前的查询均按旧目录和旧记录，此后均按新目录和新记录。文件须全部合格；不在文件中的记录保留，加 --replace 则撤下。中断或被拒绝后再次执行同一命令，已写入的行不会重复写入。",
		"Publish the catalogue entry in FILE.json (\"-\" is standard input). It replaces the one with the same code.\nWith --records FILE the file is checked by the new entry and staged, which nobody sees; what would come of it is shown, and\nasked; then entry and records are published at once: every answer before is by the old ones, every answer after by the new\nones. All rows must be good. Records that are not in the file stay, or leave with --replace. The same command again, after\na crash or a refusal, stages no row twice.",
	},
	{CLICitation, "不予共享的依据", "citation"},
	{CLIKey, "主键", "key"},
	{CLIIndexed, "索引", "indexed"},
	{CLIUpdateCycle, "更新周期", "update cycle"},
	{CLIFields, "数据项：", "fields:"},
	{CLIRequired, "必填", "required"},
	{CLIFieldMarks, "说明", "is"},
	{CLIFieldRules, "取值要求", "values"},
	{CLIForLevel, "采用的层级", "for the level"},
}
