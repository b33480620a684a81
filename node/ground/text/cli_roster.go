package text

// Sentences of the verbs about the roster.
const (
	CLIShortRoster        Code = "cli.short.roster"
	CLIShortRosterShow    Code = "cli.short.roster-show"
	CLIShortRosterList    Code = "cli.short.roster-list"
	CLIFlagRosterBelow    Code = "cli.flag.roster-below"
	CLIFlagRosterLevel    Code = "cli.flag.roster-level"
	CLIFlagRosterSearch   Code = "cli.flag.roster-search"
	CLIShortRosterPublish Code = "cli.short.roster-publish"
	CLIRosterShipped      Code = "cli.roster.shipped"
	CLIRosterPublished    Code = "cli.roster.published"
	CLIRosterShown        Code = "cli.roster.shown"
	CLIRosterEntry        Code = "cli.roster.entry"
	CLIRosterEnglish      Code = "cli.roster.english"
	CLIRosterDone         Code = "cli.roster.done"
	CLIRosterSame         Code = "cli.roster.same"
	CLIRosterMended       Code = "cli.roster.mended"
	CLIRosterAgainst      Code = "cli.roster.against"
	CLIRosterPlan         Code = "cli.roster.plan"
	CLIRosterLost         Code = "cli.roster.lost"
	CLIRosterLostJoined   Code = "cli.roster.lost-joined"
	CLIRosterEdited       Code = "cli.roster.edited"
	CLIRosterNew          Code = "cli.roster.new"
	CLIRosterMore         Code = "cli.roster.more"
	CLIRosterAsk          Code = "cli.roster.ask"
)

var rosterSentences = []sentence{
	{CLIShortRoster, "行政区划名录", "The list of the places that the tree should have"},
	{CLIShortRosterShow, "现行名录是哪一版", "Tell which list it is"},
	{CLIShortRosterList, "列出名录中的行政区划", "List its places"},
	{CLIFlagRosterBelow, "只列该行政区划 `NAME` 以下各级", "only those anywhere below the jurisdiction `NAME`"},
	{CLIFlagRosterLevel, "只列这一层级 `LEVEL`，如 county 或县级", "only those of this `LEVEL`, such as county"},
	{CLIFlagRosterSearch, "只列代码或名称中含有 `TEXT` 的", "only those with `TEXT` in their code or in one of their names"},
	{CLIShortRosterPublish, "由根发布新一版名录", "Publish a new list, at the root of the tree"},
	{CLIRosterShipped, "随程序提供的名录", "the list that comes with the program"},
	{CLIRosterPublished, "{root}发布的第 {number} 版", "number {number}, published by {root}"},
	{CLIRosterShown, "{from}：{places} 个行政区划（{levels}），哈希 {hash}", "{from}: {places} [place|places] ({levels}), hash {hash}"},
	{CLIRosterEntry, "账本条目：{entry}", "entry: {entry}"},
	{CLIRosterEnglish, "英文名", "english"},
	{CLIRosterSame, "与现行名录（第 {number} 版）相同，未发布；账本条目 {entry}", "the list is the one in force, number {number}; nothing was published; entry {entry}"},
	{CLIRosterMended, "损坏的第 {number} 版名录已补齐，照常使用；未产生新版，账本条目 {entry}",
		"the damaged list, number {number}, is whole again, and in use; no new number was made; entry {entry}"},
	{CLIRosterAgainst, "现行的第 {number} 版名录有损坏，读不出，以下变动是与更早的名录相比；如果要补齐第 {number} 版，请改用发布它的文件",
		"the list in force, number {number}, is damaged and cannot be read: these changes are against an earlier one; to have number {number} whole again, bring the file of that number"},
	{CLIRosterPlan, "将发布第 {number} 版名录，共 {places} 个行政区划：新增 {added}，变更 {changed}，去掉 {gone}；随即逐级下发",
		"this publishes number {number}, with {places} [place|places]: {added} added, {changed} changed, {gone} gone; it goes down every link at once"},
	{CLIRosterLost, "去掉：{title}（{name}）", "gone: {title} ({name})"},
	{CLIRosterLostJoined, "去掉：{title}（{name}）——已加入，其记录此后不再计入合计", "gone: {title} ({name}), which has joined: its records are in no total from then on"},
	{CLIRosterEdited, "变更：{name}，由{before}改为{after}", "changed: {name}, from {before} to {after}"},
	{CLIRosterNew, "新增：{title}（{name}）", "added: {title} ({name})"},
	{CLIRosterMore, "（每类至多列出 {count} 个；加 --json 查看更多）", "(at most {count} of each are shown; --json has more)"},
	{CLIRosterAsk, "确定发布？请输入 y 或“是”", "publish? answer y or yes"},
	{CLIRosterDone, "已发布，账本条目 {entry}，随即逐级下发", "published as entry {entry}; it goes down every link"},
}
