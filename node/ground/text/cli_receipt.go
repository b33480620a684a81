package text

// Sentences that tell a receipt which was verified.
const (
	CLIReceiptTrue   Code = "cli.receipt.true"
	CLIReceiptStated Code = "cli.receipt.stated"
	CLIReceiptPlace  Code = "cli.receipt.place"
	CLIAboutPlace    Code = "cli.about.place"
	CLIReceiptAt     Code = "cli.receipt.at"
	CLISignedBy      Code = "cli.receipt.signed-by"
	CLISignedAct     Code = "cli.receipt.signed-act"
	CLISignedNode    Code = "cli.receipt.signed-node"
	CLINamed         Code = "cli.receipt.named"
	CLIToldUse       Code = "cli.receipt.use"
	CLIToldRefused   Code = "cli.receipt.use-refused"
	CLIToldAsked     Code = "cli.receipt.asked"
	CLIToldApplied   Code = "cli.receipt.applied"
	CLIToldGrant     Code = "cli.receipt.grant"
	CLIToldRevoked   Code = "cli.receipt.revoked"
	CLIToldAbove     Code = "cli.receipt.above"
	CLIToldRoster    Code = "cli.receipt.roster"
	CLIForApplied    Code = "cli.receipt.for-applied"
	CLIRosterWord    Code = "cli.receipt.roster-number"
	CLIPaperNumber   Code = "cli.receipt.paper"
	CLIScenario      Code = "cli.receipt.scenario"
	CLIScope         Code = "cli.receipt.scope"
	CLIMethod        Code = "cli.receipt.method"
	CLIReason        Code = "cli.receipt.reason"
	CLIRootPin       Code = "cli.receipt.pin"
	CLIReceiptMore   Code = "cli.receipt.more"
	CLISwapped       Code = "cli.receipt.swapped"
	CLISwappedDo     Code = "cli.receipt.swapped-do"
	WordProvider     Code = "word.provider"
	WordBasis        Code = "word.basis"
)

var receiptSentences = []sentence{
	{CLIReceiptTrue, "验证通过：条目 {entry} 确在 {place} 的存证账本中，由其签署的检查点（共 {size} 个条目）为证",
		"verified: entry {entry} stands in the ledger of {place}, as its signed checkpoint (size {size}) proves"},
	{CLIReceiptStated, "验证通过：{place} 的存证账本中序号 {index} 的条目确在账本中，由其以 {log} 签署的检查点（共 {size} 个条目）为证；签名时名为 {stated}。账本此后进入了新的纪元，条目仍用这个名称；只有账本待核实期间写入的另有名称，在 {place} 执行 `xietong ledger entry {index}` 可得",
		"verified: entry {index} stands in the ledger of {place}, by the checkpoint (size {size}) that it signed under {log}; the agency signed the entry as {stated}. The ledger has begun a new epoch since. The entry keeps that name, unless it was recorded while the ledger was in question: its name is that of `xietong ledger entry {index}` at {place}"},
	{CLIReceiptPlace, "验证通过：{place} 的存证账本中序号 {index} 的条目确在账本中，由其以 {log} 签署的检查点（共 {size} 个条目）为证。条目的名称取决于它写入时的纪元，凭证中没有：在 {place} 执行 `xietong ledger entry {index}` 可得其名称",
		"verified: entry {index} stands in the ledger of {place}, by the checkpoint (size {size}) that it signed under {log}. Its name is of the epoch in which it was made, which the receipt does not prove: see `xietong ledger entry {index}` at {place}"},
	{CLIAboutPlace, "本账本序号 {index} 的条目", "entry {index} of the same ledger"},
	{CLIReceiptAt, "{place} 的账本，序号 {index}", "of {place}, index {index}"},
	{CLISignedBy, "签署", "signed by"},
	{CLISignedAct, "{place} 的部门 {agency}（对本条目签名）", "the agency {agency} of {place}, which signed the entry itself"},
	{CLISignedNode, "{place} 的节点（签署检查点）", "the node of {place}, which signed the checkpoint"},
	{CLINamed, "{title}（{name}）", "{title} ({name})"},
	{CLIToldUse, "{at}，{consumer} 使用了 {provider} 的数据资源 {dataset}，用途：{purpose}",
		"at {at}, {consumer} used the dataset {dataset} of {provider} for the purpose {purpose}"},
	{CLIToldRefused, "{at}，{consumer} 查询 {provider} 的数据资源 {dataset}，用途：{purpose}，未予答复",
		"at {at}, {consumer} asked for the dataset {dataset} of {provider} for the purpose {purpose}, and was refused"},
	{CLIToldAsked, "{at}，{consumer} 向 {provider} 查询数据资源 {dataset}，用途：{purpose}",
		"at {at}, {consumer} asked {provider} for the dataset {dataset} for the purpose {purpose}"},
	{CLIToldApplied, "{at}，{consumer} 向 {provider} 申请使用数据资源 {dataset}，用途：{purpose}",
		"at {at}, {consumer} applied to {provider} for the dataset {dataset} for the purpose {purpose}"},
	{CLIToldGrant, "{at}，{provider} 准许 {consumer} 使用数据资源 {dataset}，用途：{purpose}",
		"at {at}, {provider} granted {consumer} the use of the dataset {dataset} for the purpose {purpose}"},
	{CLIToldRevoked, "{at}，{provider} 撤销了数据资源 {dataset} 的一项共享权限",
		"at {at}, {provider} revoked a grant for the dataset {dataset}"},
	{CLIToldAbove, "各上级的部门（依 {setter} 的标准目录）", "the agencies of those above (by the standard entry of {setter})"},
	{CLIToldRoster, "第 {number} 号，共 {places} 个", "number {number}, {places} [place|places]"},
	{CLIForApplied, "所答复的申请", "application"},
	{CLIRosterWord, "名录", "roster"},
	{CLIPaperNumber, "文号", "paper"},
	{CLIScenario, "使用场景", "scenario"},
	{CLIScope, "使用范围", "scope"},
	{CLIMethod, "使用方式", "method"},
	{CLIReason, "理由", "reason"},
	{CLIRootPin, "起点标识", "pin"},
	{CLIReceiptMore, "加 --verbose 查看内容原文，加 --json 供程序读取", "--verbose shows the payload as it is, --json is for programs"},
	{CLISwapped, "两个文件的位置写反了：{receipt} 是存证凭证，{payload} 是内容", "the two files stand in the wrong order: {receipt} is the receipt, and {payload} is the payload"},
	{CLISwappedDo, "请用 `xietong ledger verify {receipt} {payload} --root {pin}`", "use `xietong ledger verify {receipt} {payload} --root {pin}`"},
	{WordProvider, "提供部门", "provider"},
	{WordBasis, "依据", "basis"},
}
