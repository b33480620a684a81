package text

// Sentences of the verbs about the configuration.
const (
	CLIShortConfig      Code = "cli.short.config"
	CLIShortConfigCheck Code = "cli.short.config-check"
	CLIShortConfigShow  Code = "cli.short.config-show"
	CLILongConfigCheck  Code = "cli.long-config-check"
	CLIConfigGood       Code = "cli.config.good"
	CLIConfigUnseen     Code = "cli.config.unseen"
	CLIConfigSame       Code = "cli.config.same"
	CLIConfigChange     Code = "cli.config.change"
	CLIConfigChangeOf   Code = "cli.config.change-of"
	CLIConfigMore       Code = "cli.config.more"
	CLIConfigLess       Code = "cli.config.less"
	CLIConfigDerived    Code = "cli.config.derived"
	CLIConfigDials      Code = "cli.config.dials"
	CLIConfigInvited    Code = "cli.config.invited"
)

var configSentences = []sentence{
	{CLIShortConfig, "节点的配置", "The configuration of the node"},
	{CLIShortConfigCheck, "检查配置文件，不需要节点运行", "Check a configuration; no node needs to run"},
	{CLIShortConfigShow, "查看各项配置的实际取值", "Show the settings, with what stands for those that are not set"},
	{
		CLILongConfigCheck,
		"按节点启动时的要求检查 FILE（不写的，检查数据目录中的 config.yaml），并与数据目录核对所列行政区划的文件夹。有误的，指明行、列和应填的内容，退出码为 1。\n" +
			"节点正在运行的，另列出重新启动后会有哪些变化。",
		"Check FILE as a node does when it starts or, without FILE, config.yaml of the data directory, and that the data\ndirectory has the folders of its jurisdictions. What is wrong is told with line, column and what is wanted, and the exit code is 1.\n" +
			"If the node runs, the command also tells what its restart would change.",
	},
	{CLIConfigGood, "{file} 没有问题，列有 {count} 个行政区划", "{file} is good; jurisdictions in it: {count}"},
	{CLIConfigUnseen, "没有核对各行政区划的文件夹：{dir} 不是数据目录，请用 --data 指明", "the folders of the jurisdictions were not looked at: {dir} is no data directory; name it with --data"},
	{CLIConfigSame, "与正在运行的节点所用的配置一致，重新启动不会有变化", "the running node has the same settings: a restart changes nothing"},
	{CLIConfigChange, "重新启动后，{setting} 将由“{now}”改为“{then}”", "the restart changes {setting} from {now} to {then}"},
	{CLIConfigChangeOf, "重新启动后，{name} 的 {setting} 将由“{now}”改为“{then}”", "the restart changes {setting} of {name} from {now} to {then}"},
	{CLIConfigMore, "重新启动后，将承载 {name}", "from the restart on the node hosts {name}"},
	{CLIConfigLess, "重新启动后，将不再承载 {name}", "from the restart on the node no longer hosts {name}"},
	{CLIConfigDerived, "（未填，邀请中写 {addresses}）", "(none; invitations tell {addresses})"},
	{CLIConfigDials, "（未填，只主动连接）", "(none: the node only dials)"},
	{CLIConfigInvited, "（未填，用邀请中的地址）", "(none: the address in the invitation)"},
}
