package text

// Sentences of the verbs about agencies.
const (
	CLIShortAgency     Code = "cli.short.agency"
	CLIAgencyAdded     Code = "cli.agency.added"
	CLIAgencyThere     Code = "cli.agency.there"
	CLIShortAgencyAdd  Code = "cli.short-agency-add"
	CLIShortAgencyList Code = "cli.short-agency-list"
	CLIID              Code = "cli.id"
)

var agencySentences = []sentence{
	{CLIShortAgency, "登记和查看部门", "Add and list agencies"},
	{CLIAgencyAdded, "已登记部门：{title}（{agency}），存证条目 {entry}", "added agency {title} ({agency}), entry {entry}"},
	{CLIAgencyThere, "没有变化：部门 {title}（{agency}）早已登记，存证条目 {entry}", "unchanged: agency {title} ({agency}) is there already, entry {entry}"},
	{CLIShortAgencyAdd, "登记部门", "Add an agency"},
	{CLIShortAgencyList, "列出部门", "List the agencies"},
	{CLIID, "标识", "id"},
}
