package text

// Sentences of the verbs that make, run and show a node.
const (
	CLIShortInit       Code = "cli.short.init"
	CLIShortStatus     Code = "cli.short.status"
	CLIInitDone        Code = "cli.init.done"
	CLILongInit        Code = "cli.long-init"
	CLILongServe       Code = "cli.long-serve"
	CLIFlagDisplayName Code = "cli.flag-display-name"
	CLIFlagLogLevel    Code = "cli.flag-log-level"
	CLIFlagLogFormat   Code = "cli.flag-log-format"
	CLIBadName         Code = "cli.bad-name"
	CLIBadNameDo       Code = "cli.bad-name-do"
	CLIInitConfig      Code = "cli.init-config"
	CLIInitNext        Code = "cli.init-next"
	CLIServing         Code = "cli.serving"
	CLIForeign         Code = "cli.foreign"
	CLIForeignDo       Code = "cli.foreign-do"
	CLIStarting        Code = "cli.starting"
	CLIShortStop       Code = "cli.short.stop"
	CLILongStop        Code = "cli.long-stop"
	CLIStopDone        Code = "cli.stop-done"
	CLIFlagDetach      Code = "cli.flag-detach"
	CLIDetached        Code = "cli.detached"
	CLIDetachedStop    Code = "cli.detached-stop"

	CLIFlagRoster   Code = "cli.flag.roster"
	CLIInitPlan     Code = "cli.init.plan"
	CLIInitAbove    Code = "cli.init.above"
	CLIInitUnlisted Code = "cli.init.unlisted"
	CLIInitNear     Code = "cli.init.near"
	CLIInitCodeOf   Code = "cli.init.code-of"
	CLIInitRoster   Code = "cli.init.roster"
	CLIInitMore     Code = "cli.init.more"
	CLIInitBelow    Code = "cli.init.below"
	CLIInitNone     Code = "cli.init.none"
	CLIInitAsk      Code = "cli.init.ask"
)

var nodeSentences = []sentence{
	{CLIShortInit, "新建节点", "Make a node"},
	{CLIForeign, "节点只在 Linux 上运行，{system} 上不能执行这个命令", "a node runs on Linux alone, so this command cannot run on {system}"},
	{
		CLIForeignDo,
		"请在运行节点的 Linux 机器上执行；在本机可用 xietong ledger verify 检查存证凭证，以及拷贝来的数据目录；可用 xietong record check FILE.json FILE 按目录文件检查表格",
		"run it on the Linux machine of the node; here `xietong ledger verify` checks receipts, and a data directory that was copied, and `xietong record check FILE.json FILE` a table by the file of its entry",
	},
	{CLIShortStatus, "查看节点状态", "Show how the node is"},
	{CLIFlagRoster, "本体系自己的名录 `FILE`（CSV），以其根新建节点；格式见 docs/zh/roster.md", "the roster `FILE` of a tree of your own (CSV), at whose root the node is made; docs/roster.md has its form"},
	{CLIInitPlan, "将新建 {title}（{name}），层级 {level}，代码 {code}；名称设定后不能更改", "this makes {title} ({name}), level {level}, code {code}; the name is permanent"},
	{CLIInitAbove, "名录中，{title}是{parent}的下级；这里新建的是独立体系的根，此后不能再加入{parent}。要加入{parent}，请由其执行 xietong invite，再在此执行 xietong join",
		"the roster has {title} below {parent}; this makes a root of a tree of its own, which can never join {parent}. To join it, have {parent} run `xietong invite`, and run `xietong join` here"},
	{CLIInitUnlisted, "随程序提供的名录中没有 {name}", "the roster that comes with the program does not have {name}"},
	{CLIInitNear, "相近的有：{near}", "near it: {near}"},
	{CLIInitCodeOf, "代码 {code} 属于{place}", "the code {code} is that of {place}"},
	{CLIInitRoster, "名录共 {places} 个行政区划（{levels}）：", "the roster has {places} [place|places] ({levels}):"},
	{CLIInitMore, "（其余 {count} 个未显示）", "({count} more [is|are] not shown)"},
	{CLIInitBelow, "（下辖 {count} 个）", "({count} below)"},
	{CLIInitNone, "（未填）", "(none)"},
	{CLIInitAsk, "确定新建？请输入 y 或“是”", "make it? answer y or yes"},
	{CLIInitDone, "已新建节点 {name}，数据目录 {dir}", "made node {name} in {dir}"},
	{
		CLILongInit,
		"在数据目录中新建节点，并生成密钥。NAME 为行政区划名称，自下级至上级以点分隔，设定后不能更改；名录中的，也可写全称、简称或代码。\n" +
			"名录中另有上级的、名录中没有的，以及自带名录（--roster）的，先显示将新建什么，再询问。",
		"Make a node, and its keys, in the data directory. NAME is the jurisdiction's name, lowest level first, joined by\ndots; it is permanent. A listed place may be called by its display or short name or its code.\n" +
			"For a place that the roster has below another, or does not have, and for a roster of your own (--roster), the\ncommand shows what it would make, and asks.",
	},
	{
		CLILongServe,
		"运行节点，直至按 Ctrl-C、执行 xietong stop，或者收到 SIGINT、SIGTERM。就绪后在标准输出打印一行；日志写到标准错误。\n" +
			"加 --detach 则在后台运行：就绪后返回，未能就绪则说明原因；日志写入数据目录中的 serve.log（至多 16 MiB，另保留前一份 serve.log.1）。",
		"Run the node until Ctrl-C, `xietong stop`, SIGINT or SIGTERM. One line on standard output says that it is ready; logs\n" +
			"go to standard error. With --detach it runs in the background: the command returns once the node is ready, or with\n" +
			"why it is not; the log is serve.log in the data directory (16 MiB at most, and the one before, serve.log.1).",
	},
	{CLIFlagDisplayName, "行政区划全称 `TEXT`", "the jurisdiction's full name, `TEXT`"},
	{CLIFlagLogLevel, "日志级别 `LEVEL`：debug、info（默认）、warn、error", "log `LEVEL`: debug, info (default), warn, error"},
	{CLIFlagLogFormat, "日志格式 `FORMAT`：text（默认）、json", "log `FORMAT`: text (default), json"},
	{CLIBadName, "“{value}”不是行政区划名称", "\"{value}\" is no name of a jurisdiction"},
	{
		CLIBadNameDo,
		"请自下级至上级以点分隔，每级用小写字母、数字和连字符，例如 nanming.guiyang.guizhou",
		"write it lowest level first, joined by dots, each level of a-z, 0-9 and hyphens: nanming.guiyang.guizhou",
	},
	{CLIInitConfig, "配置文件 {file}", "configuration file {file}"},
	{CLIInitNext, "下一步：xietong serve --data {dir}", "next: xietong serve --data {dir}"},
	{CLIStarting, "节点还没有应答（正在启动，或者正在恢复控制接口），请稍候…", "the node does not answer yet (it is starting, or making its control socket again), please wait…"},
	{CLIShortStop, "停止节点", "Stop the node"},
	{
		CLILongStop,
		"停止正在运行的节点：正在办理的请求有 5 秒钟完成，数据目录释放后本命令才返回。由系统服务管理的节点，请用该服务停止，否则可能会被再次启动。",
		"Stop the running node. Requests under way have 5 s to end, and the command returns once the data directory is free.\n" +
			"A node that a service manager runs is stopped there, or it may be started again.",
	},
	{CLIStopDone, "节点已停止（进程 {pid}），数据目录 {dir}", "the node has stopped (process {pid}), data directory {dir}"},
	{CLIFlagDetach, "在后台运行：就绪后即返回，日志写入数据目录中的 serve.log", "run in the background: return once the node is ready; its log is serve.log in the data directory"},
	{CLIDetached, "节点已就绪，在后台运行（进程 {pid}），数据目录 {dir}，日志 {log}", "the node is ready and runs in the background (process {pid}), data directory {dir}, log {log}"},
	{CLIDetachedStop, "停止：xietong stop --data {dir}", "to stop it: xietong stop --data {dir}"},
	{CLIServing, "节点已就绪，数据目录 {dir}", "the node is ready, data directory {dir}"},
}
