package text

// Sentences of the benchmarks.
const (
	CLIShortBench        Code = "cli.short.bench"
	CLIShortBenchLedger  Code = "cli.short.bench-ledger"
	CLIShortBenchQuery   Code = "cli.short.bench-query"
	CLIShortBenchHostile Code = "cli.short.bench-hostile"
	CLILongBenchHostile  Code = "cli.long-bench-hostile"
	CLIFlagClientsFew    Code = "cli.flag.clients-few"
	CLILongBenchLedger   Code = "cli.long-bench-ledger"
	CLILongBenchQuery    Code = "cli.long-bench-query"
	CLIFlagClients       Code = "cli.flag.clients"
	CLIFlagClientsList   Code = "cli.flag.clients-list"
	CLIFlagSize          Code = "cli.flag.size"
	CLIFlagReplicas      Code = "cli.flag.replicas"
	CLIFlagSeconds       Code = "cli.flag.seconds"

	BenchMeasuring   Code = "bench.measuring"
	BenchWhat        Code = "bench.what"
	BenchClients     Code = "bench.clients"
	BenchRate        Code = "bench.rate"
	BenchP50         Code = "bench.p50"
	BenchP99         Code = "bench.p99"
	BenchCPU         Code = "bench.cpu"
	BenchLedger      Code = "bench.ledger"
	BenchLedgerRatio Code = "bench.ledger-ratio"
	BenchVerified    Code = "bench.verified"
	BenchQuery       Code = "bench.query"
	BenchQueryRatio  Code = "bench.query-ratio"
	BenchSteps       Code = "bench.steps"
	BenchStep        Code = "bench.step"
	BenchWhere       Code = "bench.where"
	BenchWith        Code = "bench.with"
	BenchSum         Code = "bench.sum"
	BenchTotal       Code = "bench.total"
	BenchRest        Code = "bench.rest"
	BenchMatches     Code = "bench.matches"
	BenchDiffers     Code = "bench.differs"

	BenchAppend Code = "bench.append"
	BenchFsync  Code = "bench.fsync"
	BenchAsk    Code = "bench.ask"
	BenchEcho   Code = "bench.echo"
	BenchHop    Code = "bench.hop"
	BenchFirst  Code = "bench.first"

	BenchAlone        Code = "bench.alone"
	BenchBeside       Code = "bench.beside"
	BenchHostile      Code = "bench.hostile"
	BenchControl      Code = "bench.control"
	BenchHostileRatio Code = "bench.hostile-ratio"
	BenchControlRatio Code = "bench.control-ratio"
	BenchHostileQuota Code = "bench.hostile-quota"

	BenchHostileOfControl Code = "bench.hostile-of-control"

	BenchProvince Code = "bench.province"
	BenchCity     Code = "bench.city"
	BenchCounty   Code = "bench.county"
	BenchLink     Code = "bench.link"
)

var benchSentences = []sentence{
	{CLIShortBench, "在本机测量性能", "Measure on this machine"},
	{CLIShortBenchLedger, "测量存证账本的写入", "Measure appends to a ledger"},
	{CLIShortBenchQuery, "测量逐级查询", "Measure a query over two hops"},
	{
		CLILongBenchLedger,
		"在临时数据目录中向真实账本并发写入使用记录，每次写入均落盘并计入默克尔树；并与单线程逐次追加、逐次落盘的普通文件对比。\n结束后从头验证账本，再删除临时目录。临时目录在 $TMPDIR 下：内存盘上的结果没有意义。",
		"Append access records to a real ledger in a temporary data directory, from many clients at once, each flushed to disk and\nunder the Merkle tree; beside it, a plain file that one thread appends to and flushes. In the end the ledger is verified\nfrom scratch, and the directory removed. It is made in $TMPDIR: on a disk in memory the figures mean nothing.",
	},
	{
		CLILongBenchQuery,
		"省、市、县各一个节点进程，凭邀请逐级加入；省向县查询一条记录，双方先记账后应答。\n另以三个进程在同样的两跳上运行只收发同样字节数的 QUIC 回声，作为对比。\n同一查询也只走一跳（省向市）；最后由县尚不认识的部门各查一次，申请随之提交。CPU 为各节点之和。末尾列出每一步的用时。",
		"A province, a city and a county, each a node in a process of its own, joined by invitation: the province asks the county\nfor one record, and both record it before it is shown. Beside it, a bare QUIC echo of the same sizes over the same two\nhops, in three processes too. The same query is also made over one hop, to the city; and in the end once by each of some\nagencies that the county does not know, with their applications. CPU is that of all nodes. The time of each step is\nprinted last.",
	},
	{CLIShortBenchHostile, "测量恶意邻居对他人的影响", "Measure what a hostile neighbour does to the others"},
	{
		CLILongBenchHostile,
		"省、市、县各一个节点进程；省向市查询一条记录，先单独测量，再在县以十倍于其份额的并发要求市用高开销条件筛查全部记录时测量。\n县的份额是一半处理器。作为对照，再在一个与节点无关、消耗同样多处理器的进程旁测量。末尾列出 p50 与 p99 之比。",
		"A province, a city and a county, each a node in a process of its own: the province asks the city for one record, alone\nand while the county has the city look at all records by a costly filter, ten times as many at once as its quota, half of\nthe processors, is enough for. As a control it is measured beside a process, too, that has nothing to do with the nodes\nand burns as much of the processors. The ratios of p50 and p99 are printed last.",
	},
	{CLIFlagClientsFew, "并发客户端数 `N`（默认 4）", "`N` clients at once (default 4)"},
	{BenchAlone, "单独查询", "alone"},
	{BenchBeside, "恶意邻居在旁", "beside"},
	{BenchHostile, "恶意查询", "hostile"},
	{BenchControl, "对照", "control"},
	{
		BenchHostileQuota,
		"县的份额为 {quota} 个处理器（两个邻居各半）；它的 {clients} 个客户端各要求占满一个，为份额的 {times} 倍，实际为它耗用 {burnt} 个",
		"the county's quota is {quota} [processor|processors], half of all; each of its {clients} [client|clients] asks for a whole one, {times} [time|times] that; {burnt} were used for it",
	},
	{
		BenchControlRatio, "在消耗同样处理器（{burnt} 个）的无关进程旁，p50 为单独时的 {median} 倍，p99 为 {tail} 倍",
		"beside a process that burns as much, {burnt} [processor|processors], p50 is {median} [time|times] that alone, p99 {tail} [time|times]",
	},
	{BenchHostileOfControl, "恶意邻居在旁与对照之比：p50 {median} 倍，p99 {tail} 倍", "beside the hostile county against that control: p50 {median} [time|times], p99 {tail} [time|times]"},
	{BenchHostileRatio, "恶意邻居在旁时，p50 为单独时的 {median} 倍，p99 为 {tail} 倍", "beside the hostile county p50 is {median} [time|times] that alone, p99 {tail} [time|times]"},
	{CLIFlagClients, "并发客户端数 `N`（默认 64）", "`N` clients at once (default 64)"},
	{CLIFlagClientsList, "并发客户端数 `N,N`，逐一测量（默认 1,64）", "clients at once, `N,N`, each measured by itself (default 1,64)"},
	{CLIFlagSize, "每条内容的字节数 `BYTES`（默认 512）", "`BYTES` of each payload (default 512)"},
	{CLIFlagReplicas, "副本数 `N`，1 至 5（默认 1），各有自己的数据目录和套接字", "`N` replicas, 1 to 5 (default 1), each with a data directory and a socket of its own"},
	{CLIFlagSeconds, "每项测量的秒数 `S`，可带小数（默认 5）", "measure each thing for `S` seconds, which may be a fraction (default 5)"},

	{BenchMeasuring, "正在测量：{what}，{clients} 个客户端", "measuring: {what}, clients: {clients}"},
	{BenchWhat, "项目", "what"},
	{BenchClients, "客户端", "clients"},
	{BenchRate, "每秒", "per s"},
	{BenchP50, "p50（微秒）", "p50 µs"},
	{BenchP99, "p99（微秒）", "p99 µs"},
	{BenchCPU, "每次 CPU（微秒）", "CPU µs each"},
	{
		BenchLedger,
		"写入 {size} 字节的使用记录：内容加密，命令复制并落盘，条目计入默克尔树",
		"access records of {size} [byte|bytes]: payload sealed, command replicated and flushed, leaf in the Merkle tree",
	},
	{BenchLedgerRatio, "写入速率为逐次落盘的 {ratio} 倍", "appends: {ratio} [time|times] the rate of the plain file"},
	{
		BenchVerified,
		"已从头验证账本：{entries} 个条目与检查点一致，根 {root}",
		"verified from scratch: the {entries} [entry agrees|entries agree] with the checkpoint, root {root}",
	},
	{
		BenchQuery,
		"省经市向县查询一条记录，每跳一个进程；请求帧 {request} 字节，应答帧 {answer} 字节，回声与之相同",
		"one record, province > city > county, a process each; frames of {request} and {answer} [byte|bytes], the echo's too",
	},
	{
		BenchQueryRatio,
		"{clients} 个客户端：查询的 p50 为回声的 {slower} 倍，速率为回声的 {rate} 倍",
		"clients: {clients}    p50 is {slower} [time|times] the echo's, the rate {rate} [time|times]",
	},
	{BenchSteps, "每一步平均用时（微秒）", "mean time of each step, in µs"},
	{BenchStep, "步骤", "step"},
	{BenchWhere, "位置", "where"},
	{BenchWith, "{clients} 个客户端", "clients: {clients}"},
	{BenchSum, "合计", "sum"},
	{BenchTotal, "总用时", "total"},
	{BenchRest, "未计入", "in no step"},
	{
		BenchMatches,
		"{clients} 个客户端时，各步合计与总用时相差 {part}%，在 {tolerance}% 之内",
		"clients: {clients}    the steps add up to the total within {part} %, at most {tolerance} % are allowed",
	},
	{
		BenchDiffers,
		"{clients} 个客户端时，各步合计与总用时相差 {part}%，超过 {tolerance}%：本机负载不稳，或有步骤未计入",
		"clients: {clients}    the steps do not add up: {part} % of the total, more than {tolerance} %, is in none; the machine is busy, or a step is missing",
	},

	{BenchAppend, "写入账本", "append"},
	{BenchFsync, "文件追加并落盘", "fsync"},
	{BenchAsk, "查询", "query"},
	{BenchEcho, "回声", "echo"},
	{BenchHop, "一跳查询", "one hop"},
	{BenchFirst, "首次查询", "first query"},

	{BenchProvince, "省", "province"},
	{BenchCity, "市", "city"},
	{BenchCounty, "县", "county"},
	{BenchLink, "链路", "link"},
}
