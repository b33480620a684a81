package text

// Sentences that the demo prints while it runs.
const (
	DemoOpened      Code = "demo.opened"
	DemoReady       Code = "demo.ready"
	DemoReadyFlat   Code = "demo.ready-flat"
	CLIFlagProvince Code = "cli.flag.province"

	DemoPublishPlaces Code = "demo.publish-places"
	DemoAskPlace      Code = "demo.ask-place"
	DemoCountPlaces   Code = "demo.count-places"

	DemoPublish      Code = "demo.publish"
	DemoForShow      Code = "demo.for-show"
	DemoAsk          Code = "demo.ask"
	DemoWay          Code = "demo.way"
	DemoVerify       Code = "demo.verify"
	DemoCalled       Code = "demo.called"
	DemoCount        Code = "demo.count"
	DemoCovers       Code = "demo.covers"
	DemoMissing      Code = "demo.missing"
	DemoOff          Code = "demo.off"
	DemoBack         Code = "demo.back"
	DemoRefusals     Code = "demo.refusals"
	DemoThree        Code = "demo.three"
	DemoMeanwhile    Code = "demo.meanwhile"
	DemoLeaderLost   Code = "demo.leader-lost"
	DemoLeaderNow    Code = "demo.leader-now"
	DemoSame         Code = "demo.same"
	DemoProve        Code = "demo.prove"
	DemoValid        Code = "demo.valid"
	DemoFlipped      Code = "demo.flipped"
	DemoOtherPayload Code = "demo.other-payload"
	DemoOtherRoot    Code = "demo.other-root"
	DemoNext         Code = "demo.next"
	DemoHeld         Code = "demo.held"
	DemoEnded        Code = "demo.ended"
	CLIDemoStoppedDo Code = "cli.demo-stopped-do"
	CLIDemoUnread    Code = "cli.demo-unread"
	CLIDemoFailed    Code = "cli.demo-failed"
	CLIDemoFailedDo  Code = "cli.demo-failed-do"
)

var demoSentences = []sentence{
	{DemoOpened, "{title}在本机运行：真实密钥，127.0.0.1 上的真实 QUIC，真实账本，均在 {folder}",
		"{title} on this machine: real keys, real QUIC, real ledgers, all in {folder}"},
	{DemoReady, "1 省、{prefectures} 市州、{counties} 县区凭邀请加入；{seconds} 秒就绪，占用内存 {mib} MiB",
		"1 province, {prefectures} [prefecture|prefectures] and {counties} [county|counties] joined by invitation; ready in {seconds} s, {mib} MiB"},
	{DemoReadyFlat, "{title}及 {counties} 县区凭邀请加入；{seconds} 秒就绪，占用内存 {mib} MiB",
		"{title} and {counties} [county|counties] joined by invitation; ready in {seconds} s, {mib} MiB"},
	{CLIFlagProvince, "启动哪个省（自治区、直辖市）`NAME`：名称、标签或代码均可，默认贵州省", "the province `NAME` to bring up, by its name, label or code; Guizhou if not given"},
	{DemoPublishPlaces, "各县区按省定标准目录发布本地的区划登记，共 {records} 条，签名入账，用时 {seconds} 秒",
		"{records} [county|counties] published their entry in the register of places under the province's standard, in {seconds} s"},
	{DemoAskPlace, "{from}的工作人员向{to}查询一条记录", "a clerk in {from} asks {to} for one record"},
	{DemoCountPlaces, "{title}凭标准目录统计各县区的区划登记数，按上级分组，逐级汇总", "{title} counts the register entries of all counties by right of the standard, hop by hop"},
	{DemoPublish, "各县区按省定标准目录发布 {townships} 个乡镇（街道）、{villages} 个村（居），签名入账，用时 {seconds} 秒",
		"{townships} [township|townships] and {villages} [village|villages] published under the province's standard, in {seconds} s"},
	{DemoForShow, "同一台机器、同一个运行者：各地互相见证只为演示，证明不了运行者自己没有作假",
		"on one machine they vouch for one another for show: it is no proof against who runs it"},
	{DemoAsk, "{from}的工作人员向另一市州的{to}查询一个村", "a clerk in {from} asks {to}, of another prefecture, for one village"},
	{DemoWay, "{way}    先记账后应答：对方第 {access} 条，本方第 {asked} 条",
		"{way}    logged there ({access}) before the answer, here ({asked})"},
	{DemoVerify, "向{to}只核验，不取数", "{to} says only yes or no; no field leaves"},
	{DemoCalled, "{key} 是否名为“{name}”？ {answer}", "is {key} called {name}?  {answer}"},
	{DemoCount, "{title}凭标准目录统计各县区的村（居）数，逐级汇总", "{title} counts the villages of all counties by right of the standard, hop by hop"},
	{DemoCovers, "合计 {total}，覆盖 {members} 个县区中的 {answered} 个；抽查 {audited} 级汇总，相符",
		"total {total}, covers {answered} of {members} [county|counties]; the sums of {audited} [hop|hops] audited, and right"},
	{DemoMissing, "缺：{title}，{by}联系不上，{seconds} 秒前还有联系", "missing: {title}, not reached by {by}, last heard {seconds} s ago"},
	{DemoOff, "{title}关机，再统计一次", "{title} is switched off; the same count again"},
	{DemoBack, "{title}恢复运行：自动连回上级，账本 {entries} 条无一丢失，下一次使用记为第 {access} 条",
		"{title} is back: linked by itself, all {entries} [entry|entries] there, the next use is entry {access}"},
	{DemoRefusals, "不该做的，做不成", "what must fail, fails"},
	{DemoThree, "{title}在使用中由一台机器增至三台，任一台可停", "{title} goes from one machine to three while it is asked: any one of them may be away"},
	{DemoMeanwhile, "{title}的两名工作人员其间不停查询：{answers} 次应答，无一失败，最久 {seconds} 秒",
		"two clerks of {title} asked all the while: {answers} [answer|answers], none failed, the longest took {seconds} s"},
	{DemoLeaderLost, "{title}的主副本 {replica} 在查询中途被强行终止进程，无人察觉", "the leader of {title}, {replica}, is killed in mid-query; nobody notices"},
	{DemoLeaderNow, "{replica} 接任主副本；{lost} 恢复运行，已补齐缺漏", "led by {replica} now; {lost} is back, and has what it missed"},
	{DemoSame, "另一进程逐条重算三台的账本，相互一致：{entries} 条，{signed} 台签名，根 {root}…",
		"another process recomputed the three: alike, {entries} [entry|entries], signed by {signed}, root {root}…"},
	{DemoProve, "不经任何服务器，由另一进程仅凭{root}的起点标识证明第 1 步", "step 1 is proved by another process, without any server, from the pin of {root} alone"},
	{DemoValid, "有效：{entry}，密钥由 {chain} 逐级背书", "valid    {entry}, key endorsed {chain}"},
	{DemoFlipped, "无效：同一凭证改动一个比特", "INVALID  the same receipt with one bit flipped"},
	{DemoOtherPayload, "无效：同一凭证，另一条目的内容", "INVALID  the same receipt with the payload of another entry"},
	{DemoOtherRoot, "无效：同一凭证，另一个起点标识", "INVALID  the same receipt from another pin"},
	{DemoNext, "（按回车键继续）", "(Enter goes on)"},
	{DemoEnded, "{steps} 个步骤全部成立，用时 {seconds} 秒。演示结束，各节点已停止，数据不保留", "{steps} of {steps} [step|steps] held in {seconds} s. The demo ends here: its nodes stop, and their data go"},
	{CLIDemoStoppedDo, "演示中途停止，各节点已结束，数据已删除；需要时重新执行即可", "the demo was broken off, its nodes have ended, and its data are gone; run it anew whenever you like"},
	{CLIDemoUnread, "演示的输出已无人读取", "nobody reads the output of the demo any more"},
	{CLIDemoFailed, "演示有一步不成立：{reason}", "a step of the demo did not hold: {reason}"},
	{CLIDemoFailedDo, "各节点已结束；数据和节点日志（nodes.log 等）留在该目录中，可供查看，看完请自行删除", "its nodes have ended; the data and the logs of the nodes (nodes.log and others) stay in that folder: look into them, and remove it then"},
	{DemoHeld, "{steps} 个步骤全部成立，用时 {seconds} 秒。各节点保持运行，按 Ctrl-C 结束。可另开终端：",
		"{steps} of {steps} [step|steps] held in {seconds} s. The nodes stay up until Ctrl-C. In another terminal:"},
}
