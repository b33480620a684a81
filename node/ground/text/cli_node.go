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
)

var nodeSentences = []sentence{
	{CLIShortInit, "新建节点", "Make a node"},
	{CLIShortStatus, "查看节点状态", "Show how the node is"},
	{CLIInitDone, "已新建节点 {name}，数据目录 {dir}", "made node {name} in {dir}"},
	{
		CLILongInit,
		"在数据目录中新建节点，并生成密钥。NAME 为行政区划名称，自下级至上级以点分隔，设定后不能更改。",
		"Make a node, and its keys, in the data directory. NAME is the jurisdiction's name, lowest level first, joined by\ndots; it is permanent.",
	},
	{
		CLILongServe,
		"运行节点，直至收到 SIGINT 或 SIGTERM。就绪后在标准输出打印一行；日志写到标准错误。",
		"Run the node until SIGINT or SIGTERM. One line on standard output says that it is ready; logs go to standard error.",
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
	{CLIServing, "节点已就绪，数据目录 {dir}", "the node is ready, data directory {dir}"},
}
