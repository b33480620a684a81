package text

// Sentences of the verbs about the roster.
const (
	CLIShortRoster        Code = "cli.short.roster"
	CLIShortRosterShow    Code = "cli.short.roster-show"
	CLIShortRosterList    Code = "cli.short.roster-list"
	CLIShortRosterPublish Code = "cli.short.roster-publish"
	CLIRosterShipped      Code = "cli.roster.shipped"
	CLIRosterPublished    Code = "cli.roster.published"
	CLIRosterShown        Code = "cli.roster.shown"
	CLIRosterEntry        Code = "cli.roster.entry"
	CLIRosterEnglish      Code = "cli.roster.english"
	CLIRosterDone         Code = "cli.roster.done"
)

var rosterSentences = []sentence{
	{CLIShortRoster, "行政区划名录", "The list of the places that the tree should have"},
	{CLIShortRosterShow, "现行名录是哪一版", "Tell which list it is"},
	{CLIShortRosterList, "列出名录中的行政区划", "List its places"},
	{CLIShortRosterPublish, "由根发布新一版名录", "Publish a new list, at the root of the tree"},
	{CLIRosterShipped, "随程序提供的名录", "the list that comes with the program"},
	{CLIRosterPublished, "{root}发布的第 {number} 版", "number {number}, published by {root}"},
	{CLIRosterShown, "{from}：{places} 个行政区划（{levels}），哈希 {hash}", "{from}: {places} places ({levels}), hash {hash}"},
	{CLIRosterEntry, "账本条目：{entry}", "entry: {entry}"},
	{CLIRosterEnglish, "英文名", "english"},
	{CLIRosterDone, "已发布，账本条目 {entry}，随即逐级下发", "published as entry {entry}; it goes down every link"},
}
