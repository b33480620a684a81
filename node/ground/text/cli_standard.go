package text

// Sentences of the verbs about standard entries.
const (
	CLIShortStandard        Code = "cli.short.standard"
	CLIShortStandardPublish Code = "cli.short.standard-publish"
	CLIShortStandardList    Code = "cli.short.standard-list"
	CLIShortStandardShow    Code = "cli.short.standard-show"
	CLIShortDatasetAdopt    Code = "cli.short.dataset-adopt"
	CLIFlagFrom             Code = "cli.flag.from"
	CLIFlagAboveAll         Code = "cli.flag.above-all"
	CLIFlagSetter           Code = "cli.flag.setter"
	CLIFlagTighter          Code = "cli.flag.tighter"
	CLIStandardDone         Code = "cli.standard.done"
	CLIAdopted              Code = "cli.adopted"
	CLIStandardNewer        Code = "cli.standard.newer"
	CLIStandardOf           Code = "cli.standard-of"
	CLICounts               Code = "cli.counts"
	CLIGroupBy              Code = "cli.group-by"
	CLIStandingFor          Code = "cli.standing-for"
)

var standardSentences = []sentence{
	{CLIShortStandard, "标准目录：由上级制定，下级采用", "Standard entries: set above, adopted below"},
	{CLIShortStandardPublish, "制定标准目录，或发布新一版", "Set a standard entry, or its next version"},
	{CLIShortStandardList, "列出已制定的标准目录", "List the standard entries that were set"},
	{CLIShortStandardShow, "查看上级的一条标准目录", "Show a standard entry of those above"},
	{CLIShortDatasetAdopt, "采用上级的标准目录", "Adopt a standard entry of those above"},
	{CLIFlagSetter, "由谁 `NAME` 制定；不填则为本级，本级没有的为最近的上级", "the `NAME` of whoever set it; without it, this jurisdiction, or else the nearest one above"},
	{CLIFlagAboveAll, "列出各上级所定的标准目录（可采用的），不列本级所定的", "those that the jurisdictions above have set, which can be adopted, and not its own"},
	{CLIFlagFrom, "由哪个上级 `NAME` 制定；不填则为最近的上级", "the `NAME` of whoever set it; without it, the nearest one above"},
	{CLIFlagTighter, "按这个 `FILE` 采用：可以收紧，不得放宽", "adopt it as this `FILE` says: tighter, never looser"},
	{CLIStandardDone, "标准目录 {title}（{dataset}）已制定，供{level}采用，第 {version} 版：{entry}",
		"standard entry {title} ({dataset}) is set for the level {level}, version {version}: {entry}"},
	{CLIStandardNewer, "标准目录 {dataset} 已有第 {version} 版（{by} 发布，存证条目 {entry}），本目录仍按较早的一版（{followed}）；采用新版：xietong dataset adopt {dataset}",
		"the standard {dataset} has version {version} (of {by}, entry {entry}), and this entry follows an earlier one ({followed}); to adopt it: `xietong dataset adopt {dataset}`"},
	{CLIAdopted, "已采用标准目录 {standard}：{title}（{dataset}），第 {version} 版：{entry}",
		"adopted {standard}: {title} ({dataset}), version {version}: {entry}"},
	{CLIStandardOf, "标准目录", "standard"},
	{CLIStandingFor, "各上级，只作统计（{setter} 的标准目录）", "all jurisdictions above, to measure (standard of {setter})"},
	{CLIGroupBy, "可分组的数据项", "grouped by"},
	{CLICounts, "上级可统计的用途", "measured above for"},
}
