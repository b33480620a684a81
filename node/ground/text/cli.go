package text

// Sentences of the command line around its verbs: help, usage, and errors before a node is asked.
const (
	CLIShort              Code = "cli.short"
	CLIShortServe         Code = "cli.short.serve"
	CLIShortDemo          Code = "cli.short.demo"
	CLIInitPin            Code = "cli.init.pin"
	CLINothing            Code = "cli.nothing"
	CLIWhere              Code = "cli.where"
	CLIDo                 Code = "cli.do"
	CLIDoHere             Code = "cli.do-here"
	CLIError              Code = "cli.error"
	CLIUsage              Code = "cli.usage"
	CLICommandWord        Code = "cli.command-word"
	CLICommands           Code = "cli.commands"
	CLIExamples           Code = "cli.examples"
	CLIFlags              Code = "cli.flags"
	CLIGlobalFlags        Code = "cli.global-flags"
	CLIExitCodes          Code = "cli.exit-codes"
	CLIFlagsWord          Code = "cli.flags-word"
	CLIShortHelp          Code = "cli.short-help"
	CLIShortVersion       Code = "cli.short-version"
	CLIShortCompletion    Code = "cli.short-completion"
	CLIShortCompletionFor Code = "cli.short-completion-for"
	CLILongCompletion     Code = "cli.long-completion"
	CLIFlagHelp           Code = "cli.flag-help"
	CLIFlagData           Code = "cli.flag-data"
	CLIFlagIn             Code = "cli.flag-in"
	CLIFlagAs             Code = "cli.flag-as"
	CLIFlagJSON           Code = "cli.flag-json"
	CLIFlagVerbose        Code = "cli.flag-verbose"
	CLICause              Code = "cli.cause"
	CLICauseHidden        Code = "cli.cause-hidden"
	CLIFlagDivision       Code = "cli.flag-division"
	CLIFlagShortName      Code = "cli.flag-short-name"
	CLIFlagLevel          Code = "cli.flag-level"
	CLIFlagNoDescriptions Code = "cli.flag-no-descriptions"
	CLIFlagReason         Code = "cli.flag-reason"
	CLINoSuchVerb         Code = "cli.no-such-verb"
	CLIDidYouMean         Code = "cli.did-you-mean"
	CLIReadHelp           Code = "cli.read-help"
	CLIUsageTitle         Code = "cli.usage-title"
	CLIOwnTitle           Code = "cli.own-title"
	CLIEmptyArgument      Code = "cli.empty-argument"
	CLIEmptyFlag          Code = "cli.empty-flag"
	CLIOneNeeded          Code = "cli.one-needed"
	FormNumber            Code = "form.number"
	FormFraction          Code = "form.fraction"
	FormRange             Code = "form.range"
	FormOneOf             Code = "form.one-of"
	FormDay               Code = "form.day"
	FormPin               Code = "form.pin"
	FormAddress           Code = "form.address"
	FormPort              Code = "form.port"
	FormZone              Code = "form.zone"
	FormZoneNear          Code = "form.zone-near"
	FormLabel             Code = "form.label"
	FormFile              Code = "form.file"
	FormFingerprint       Code = "form.fingerprint"
	CLIMissingArgument    Code = "cli.missing-argument"
	CLIArgumentForm       Code = "cli.argument-form"
	CLIArgumentsSwapped   Code = "cli.arguments-swapped"
	FormConsumer          Code = "form.consumer"
	CLITooManyArguments   Code = "cli.too-many-arguments"
	CLIBadFlag            Code = "cli.bad-flag"
	CLINoSuchFlag         Code = "cli.no-such-flag"
	CLIFlagTwice          Code = "cli.flag-twice"
	CLIFlagNeedsValue     Code = "cli.flag-needs-value"
	CLIFlagBadValue       Code = "cli.flag-bad-value"
	CLIFlagNeeded         Code = "cli.flag-needed"
	CLIFlagOnlyWith       Code = "cli.flag-only-with"
	CLISocket             Code = "cli.socket"
	CLISocketDo           Code = "cli.socket-do"
	CLIStopped            Code = "cli.stopped"
	CLIStoppedDo          Code = "cli.stopped-do"
	CLIOtherType          Code = "cli.other-type"
	CLINotUnderstood      Code = "cli.not-understood"
	CLINotUnderstoodDo    Code = "cli.not-understood-do"
	CLIFileChanged        Code = "cli.file-changed"
	CLIFileChangedDo      Code = "cli.file-changed-do"
	CLIOutcome            Code = "cli.outcome"
	CLIOutcomeDo          Code = "cli.outcome-do"
	CLIInterrupted        Code = "cli.interrupted"
	CLIInterruptedDo      Code = "cli.interrupted-do"
	CLIJoinStoppedDo      Code = "cli.join-stopped-do"
	CLIDetachStoppedDo    Code = "cli.detach-stopped-do"
	CLIBadFile            Code = "cli.bad-file"
	CLIBadFileDo          Code = "cli.bad-file-do"
	CLINoTextDo           Code = "cli.no-text-do"
	CLIFile               Code = "cli.file"
	CLIFileDo             Code = "cli.file-do"
	CLIFileFullDo         Code = "cli.file-full-do"
	CLIFileReadOnlyDo     Code = "cli.file-read-only-do"
	CLIFileDiskDo         Code = "cli.file-disk-do"
	CLIOther              Code = "cli.other"
	CLIOtherDo            Code = "cli.other-do"
	CLINoSuchFile         Code = "cli.no-such-file"
	CLINotPermitted       Code = "cli.not-permitted"
	CLIFileEnds           Code = "cli.file-ends"
	CLIStandardInput      Code = "cli.standard-input"
	CLIVersion            Code = "cli.version"
	CLIListComma          Code = "cli.list-comma"
	CLINameComma          Code = "cli.name-comma"
	CLIFlagSlow           Code = "cli.flag-slow"
	CLIFlagExit           Code = "cli.flag-exit"
)

var frameSentences = []sentence{
	{CLIShort, "政务数据跨层级共享与协同办事", "Government data shared and cases handled across levels"},
	{CLIShortServe, "启动节点", "Run the node"},
	{CLIShortDemo, "在本机用真实数据演示", "Show the main job on this machine, on real data"},
	{CLIInitPin, "起点标识（请妥善记录，验证存证凭证时使用）：{pin}", "pin (write it down; receipts are verified with it): {pin}"},
	{CLINothing, "（无）", "(none)"},
	{CLIWhere, "位置：{where}", "where: {where}"},
	{CLIDo, "办法：{do}", "what to do: {do}"},
	{CLIDoHere, "在本节点执行的命令，请加 {flags}", "commands for this node need {flags}"},
	{CLIError, "错误：{what}", "error: {what}"},
	{CLIUsage, "用法：", "Usage:"},
	{CLICommandWord, "命令", "COMMAND"},
	{CLICommands, "命令：", "Commands:"},
	{CLIExamples, "示例：", "Examples:"},
	{CLIFlags, "选项：", "Flags:"},
	{CLIFlagsWord, "[选项]", "[FLAGS]"},
	{CLIGlobalFlags, "全局选项：", "Global flags:"},
	{
		CLIExitCodes,
		"退出码：\n  0  完成（query --verify：相符）\n  1  被拒绝，或未能完成\n  2  命令行有误\n  3  无法连接节点\n  4  验证未通过：存证凭证或账本有误，或 query --verify 不符",
		"Exit codes:\n  0  done (query --verify: yes)\n  1  refused, or failed\n  2  the command line is wrong\n  3  the node cannot be reached\n  4  verification failed: a receipt or a ledger is wrong, or query --verify was answered no",
	},
	{CLIShortHelp, "查看命令的帮助", "Help about a command"},
	{CLIShortVersion, "显示程序版本", "Print the program's version"},
	{CLIShortCompletion, "生成命令行补全脚本", "Generate the completion script of a shell"},
	{CLIShortCompletionFor, "生成 {shell} 的补全脚本", "Generate the completion script for {shell}"},
	{
		CLILongCompletion,
		"生成命令行补全脚本，例如：source <(xietong completion bash)。bash 须先安装 bash-completion 软件包，并重新登录",
		"Generate the completion script of a shell, for example: source <(xietong completion bash). For bash the package\nbash-completion must be installed first, and the shell begun anew.",
	},
	{CLIFlagHelp, "显示帮助", "show this help"},
	{
		CLIFlagData,
		"数据目录 `DIR`（默认 $XIETONG_DATA，否则 ./xietong-data）",
		"the data directory `DIR` (default $XIETONG_DATA, else ./xietong-data)",
	},
	{
		CLIFlagIn,
		"行政区划名称 `NAME`（默认节点承载的唯一一个）",
		"the jurisdiction `NAME` (default the only one that the node hosts)",
	},
	{CLIFlagAs, "以部门 `CODE` 的名义办理（默认唯一的部门）", "act as the agency `CODE` (default the only one)"},
	{CLIFlagJSON, "输出 JSON", "print JSON"},
	{CLIFlagVerbose, "出错时附上程序内部的原文（英文），供技术人员查找原因", "with an error, print the program's own words for its cause too"},
	{CLICause, "程序原文：{cause}", "the program's own words: {cause}"},
	{CLICauseHidden, "加 --verbose 再执行一次，可看程序原文", "with --verbose, the same command prints the program's own words"},
	{CLIFlagDivision, "行政区划代码 `CODE`，如 520102", "the division `CODE`, such as 520102"},
	{CLIFlagShortName, "行政区划简称 `TEXT`", "the jurisdiction's short name, `TEXT`"},
	{CLIFlagLevel, "行政层级 `LEVEL`：province、prefecture、county、township、village，或者省级、市级、县级、乡级、村级", "the `LEVEL` of the jurisdiction: province, prefecture, county, township, village"},
	{CLIFlagNoDescriptions, "补全时不显示说明", "complete without descriptions"},
	{CLIFlagReason, "理由 `TEXT`，必填", "the reason, `TEXT`; needed"},
	{CLINoSuchVerb, "{command} 没有命令 {verb}", "{command} has no command {verb}"},
	{CLIDidYouMean, "是否要用：{command}", "did you mean: {command}"},
	{CLIOwnTitle, "命令没有得到结果", "The command got no result"},
	{CLIUsageTitle, "命令行有误", "Wrong command line"},
	{CLIReadHelp, "请查看 {command} --help", "read {command} --help"},
	{CLIArgumentForm, "参数 {argument} 不能写作“{value}”，应为：{form}", "the argument {argument}, \"{value}\", is not well formed: {form}"},
	{CLIArgumentsSwapped, "参数的位置写反了：{first} 处写的是文件“{value}”，它应写在 {second} 处", "the arguments stand in the wrong order: \"{value}\" is a file, which is {second}, and stands where {first} does"},
	{FormConsumer, "部门编码，其他行政区划的写作 编码@行政区划", "the code of an agency; of another jurisdiction, CODE@JURISDICTION"},
	{CLIMissingArgument, "缺少参数 {name}", "the argument {name} is missing"},
	{CLITooManyArguments, "多余的参数 {value}", "the argument {value} is one too many"},
	{CLIBadFlag, "选项有误：{reason}", "the flags are wrong: {reason}"},
	{CLINoSuchFlag, "没有选项 {flag}", "there is no flag {flag}"},
	{CLIFlagTwice, "选项 {flag} 给了两次，不知以“{first}”还是以“{second}”为准", "the flag {flag} is given twice, as \"{first}\" and as \"{second}\", and counts once"},
	{CLIFlagNeedsValue, "选项 {flag} 缺少值", "the flag {flag} needs a value"},
	{CLIFlagBadValue, "选项 {flag} 不能为“{value}”，应填：{form}", "the flag {flag} cannot be \"{value}\": it is {form}"},
	{CLIFlagNeeded, "缺少选项 {flag}", "the flag {flag} is needed"},
	{CLIFlagOnlyWith, "选项 {flag} 须与 {other} 一起使用，单独使用不起作用", "the flag {flag} goes with {other}, and has no effect without it"},
	{CLIOneNeeded, "缺少选项 {flag} 或 {other}", "one of the flags {flag} and {other} is needed"},
	{CLIEmptyArgument, "参数 {name} 不能为空", "the argument {name} is empty"},
	{CLIEmptyFlag, "选项 {name} 不能为空", "the flag {name} is empty"},
	{FormNumber, "整数", "a whole number"},
	{FormFraction, "大于零的数字", "a number above zero"},
	{FormRange, "{least} 至 {most} 的整数", "a whole number from {least} to {most}"},
	{FormOneOf, "{list} 之一", "one of {list}"},
	{FormDay, "日期，如 2026-12-31，或带时区的时间，如 2026-12-31T18:00:00+08:00", "a day such as 2026-12-31, or a time with its zone such as 2026-12-31T18:00:00+08:00"},
	{FormPin, "根的起点标识，形如 NAME/keys/NUMBER/HASH（见 xietong tree）", "the pin of the root, of the form NAME/keys/NUMBER/HASH, as `xietong tree` tells it"},
	{FormZone, "时区的名称，如 Asia/Shanghai", "the name of a time zone, such as Asia/Shanghai"},
	{FormZoneNear, "时区的名称，如 Asia/Shanghai；是否应为 {near}", "the name of a time zone such as Asia/Shanghai; it may be {near}"},
	{FormPort, "端口在 1 到 65535 之间的地址，如 0.0.0.0:7400", "an address whose port is from 1 to 65535, such as 0.0.0.0:7400"},
	{FormAddress, "本机的 IP 地址和端口，如 0.0.0.0:7400", "an IP address of this machine and a port, such as 0.0.0.0:7400"},
	{FormFile, "文件的路径，不超过 4096 字节", "the path of a file, of 4096 bytes at most"},
	{FormLabel, "小写字母、数字和连字符，如 gaoxin", "a-z, 0-9 and hyphens, such as gaoxin"},
	{FormFingerprint, "24 位十六进制数字，如 D98F 5C10 77AB 0E2D 3B41 C6F0", "24 hex digits, such as D98F 5C10 77AB 0E2D 3B41 C6F0"},
	{CLISocket, "无法打开节点的控制接口：{reason}", "the node's socket cannot be opened: {reason}"},
	{
		CLISocketDo,
		"请用运行节点的用户执行，或检查数据目录的权限",
		"run this as the user who runs the node, or check the permissions of the data directory",
	},
	{CLIStopped, "节点在答复之前中断了连接：它停止了，或者被终止", "the node ended the connection before its answer: it stopped, or was killed"},
	{
		CLIStoppedDo,
		"请用 xietong serve 启动节点，再重复同一命令；导入会从中断处继续，其他写入请先查明是否已经生效",
		"start the node with `xietong serve`, and repeat the same command: an import goes on where it stopped; of another write, see first whether it took effect",
	},
	{CLIOtherType, "“{field}”的写法不符：{form}", "{field} is wrong: {form}"},
	{CLINotUnderstood, "无法理解节点的应答：{reason}", "the node's answer is not understood: {reason}"},
	{
		CLINotUnderstoodDo,
		"请核对本程序与节点的版本是否一致（xietong version、xietong status）",
		"compare the versions of this program and of the node (xietong version, xietong status)",
	},
	{CLIFileChanged, "文件在导入过程中发生了变动：{reason}", "the file changed while it was imported: {reason}"},
	{
		CLIFileChangedDo,
		"请确认没有其他程序在写该文件，然后重新导入",
		"make sure that nothing writes to the file, then import it again",
	},
	{CLIOutcome, "请求已经发出，但没有收到应答：是否已经办理尚不清楚", "the request was sent and no answer came: whether it was done is not known"},
	{
		CLIOutcomeDo,
		"先用 xietong status 确认节点在运行，再查明是否已经办理（如 record history、dataset show、agency list、host list、keys status），然后才决定是否重做；批量导入可直接重做，从中断处继续",
		"see with `xietong status` that the node runs, then whether it was done (record history, dataset show, agency list, host list, keys status) before you repeat it; " +
			"an import may be repeated at once, and goes on where it was",
	},
	{CLIInterrupted, "已中断", "interrupted"},
	{CLIInterruptedDo, "请查明是否已经生效后再重试", "see whether it took effect before you try again"},
	{CLIJoinStoppedDo, "请重新执行同一命令，加入会从中断处继续；已经完成的，会照样告知", "repeat the same command: joining goes on where it was, and what is done already is told as such"},
	{CLIDetachStoppedDo, "请用 xietong status 查看节点是否在运行；没有运行的，重新执行同一命令即可", "see with `xietong status` whether the node runs; if it does not, just repeat the command"},
	{CLIBadFile, "文件内容有误：{reason}", "the content of the file is wrong: {reason}"},
	{CLIBadFileDo, "请改正文件后重试", "correct the file and try again"},
	{CLINoTextDo, "请用文本编辑器打开，核对文字无误，另存为“带 BOM 的 UTF-8”后重试", "open it in a text editor, check that it reads well, save it as \"UTF-8 with BOM\", and try again"},
	{CLIFile, "无法读写文件：{reason}", "the file cannot be read or written: {reason}"},
	{CLIFileDo, "请核对路径和权限", "check the path and its permissions"},
	{CLIFileFullDo, "请清理或扩充磁盘（或者配额），再次执行同一命令", "free or add space (or quota), and repeat the same command"},
	{
		CLIFileReadOnlyDo,
		"请换用可写的位置；该处原来可写的，可能是磁盘出错后被系统改为只读，请查看系统日志，检查磁盘",
		"choose a place that can be written; if this one could be, the system may have made it read-only after an error of the disk: look into the system log, and check the disk",
	},
	{CLIFileDiskDo, "请查看系统日志，检查磁盘", "look into the system log, and check the disk"},
	{CLIOther, "未能完成：{reason}", "it could not be done: {reason}"},
	{
		CLIOtherDo,
		"请将以上内容和加 --verbose 执行时所示的程序原文一并告知管理员",
		"give these lines, and what --verbose adds to them, to the administrator",
	},
	{CLINoSuchFile, "没有这个文件或目录", "there is no such file or folder"},
	{CLINotPermitted, "没有权限", "it is not permitted"},
	{CLIFileEnds, "内容不完整", "it ends too early"},
	{CLIStandardInput, "标准输入", "standard input"},
	{CLIVersion, "版本", "version"},
	{CLIListComma, "；", "; "},
	{CLINameComma, "、", ", "},
	{CLIFlagSlow, "每步之后按回车键继续", "wait for Enter after each step"},
	{CLIFlagExit, "演示完即退出", "stop after the last step"},
}
