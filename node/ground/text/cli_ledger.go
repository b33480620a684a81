package text

// Sentences of the verbs about the ledger.
const (
	CLIShortLedger     Code = "cli.short.ledger"
	CLIReceiptSaved    Code = "cli.receipt.saved"
	CLIFileDiffers     Code = "cli.file-differs"
	CLIFileDiffersDo   Code = "cli.file-differs-do"
	CLIDataTrue        Code = "cli.data.true"
	CLIShortRepair     Code = "cli.short-repair"
	CLILongRepair      Code = "cli.long-repair"
	CLIRepairNone      Code = "cli.repair.none"
	CLIRepairFiles     Code = "cli.repair.files"
	CLIRepairFrom      Code = "cli.repair.from"
	CLIRepairWhole     Code = "cli.repair.whole"
	CLIRepairLeft      Code = "cli.repair.left"
	CLIDataNoStart     Code = "cli.data.no-start"
	CLIDataFalse       Code = "cli.data.false"
	CLIDataFiles       Code = "cli.data.files"
	CLIDataRoster      Code = "cli.data.roster"
	CLIDataUnread      Code = "cli.data.unread"
	CLIDataOther       Code = "cli.data.other"
	CLIKeptMissing     Code = "cli.kept.missing"
	CLIKeptUnsaid      Code = "cli.kept.unsaid"
	CLIKeptOther       Code = "cli.kept.other"
	CLIKeystoreOther   Code = "cli.keystore-other"
	CLIKeystoreDamaged Code = "cli.keystore-damaged"
	CLIShortCheckpoint Code = "cli.short-checkpoint"
	CLIShortEntry      Code = "cli.short-entry"
	CLIShortLedgerList Code = "cli.short-ledger-list"
	CLILongLedgerList  Code = "cli.long-ledger-list"
	CLIFlagActsOf      Code = "cli.flag-acts-of"
	CLIKnownUpTo       Code = "cli.known-up-to"
	CLIKnownThrough    Code = "cli.known-through"
	CLIKindLost        Code = "cli.kind-lost"
	CLIFlagKind        Code = "cli.flag-kind"
	CLIFlagStatedBy    Code = "cli.flag-stated-by"
	CLIFlagEntryCode   Code = "cli.flag-entry-code"
	CLIShortContinue   Code = "cli.short-continue"
	CLILongContinue    Code = "cli.long-continue"
	CLIContinued       Code = "cli.continued"
	CLIContinueSure    Code = "cli.continue-sure"
	CLIFlagChecked     Code = "cli.flag-checked"
	CLIFlagNewest      Code = "cli.flag-newest"
	CLIShortReceipt    Code = "cli.short-receipt"
	CLIShortVerify     Code = "cli.short-verify"
	CLILongEntry       Code = "cli.long-entry"
	CLILongReceipt     Code = "cli.long-receipt"
	CLILongVerify      Code = "cli.long-verify"
	CLIFlagOut         Code = "cli.flag-out"
	CLIFlagRoot        Code = "cli.flag-root"
	CLIBadEntry        Code = "cli.bad-entry"
	CLIPayloadSaved    Code = "cli.payload-saved"
	CLIReceiptErased   Code = "cli.receipt-erased"
	CLIReceiptWithheld Code = "cli.receipt-withheld"
	CLIPayloadUnseen   Code = "cli.payload-unseen"
	CLIVerifyProgress  Code = "cli.verify-progress"
	CLILog             Code = "cli.log"
	CLISize            Code = "cli.size"
	CLIRoot            Code = "cli.root"
	CLIAbout           Code = "cli.about"
	CLISeq             Code = "cli.seq"
	CLISigned          Code = "cli.signed"
	CLICommitment      Code = "cli.commitment"
	CLILeafHash        Code = "cli.leaf-hash"
	CLIChain           Code = "cli.chain"
	CLIAsOf            Code = "cli.as-of"
	CLIContentType     Code = "cli.content-type"
	CLIYes             Code = "cli.yes"
	CLINo              Code = "cli.no"
)

var ledgerSentences = []sentence{
	{CLIShortLedger, "查看存证账本", "Read the ledger"},
	{CLIShortContinue, "对待核实的账本作出人工确认，使它继续（记入账本）", "Have a ledger in question go on, by your word; the ledger records it"},
	{CLILongContinue, "数据目录被复制、迁移或从备份恢复后，节点会先向上下级核实它是不是最新的。10 分钟内无人答复，或者没有上下级可问时（如没有下级的根），由管理员用本命令确认，理由记入账本。\n请先查明原目录已经停用：两个目录同时签名，账本就会分叉，其他行政区划不再采信。什么都没有失去、只是迁移了目录的，加 --newest：账本照旧继续。是旧备份、而更新的已经没有了的，不加：账本以新的纪元继续，先向上级取回失去条目的要素，其中终止过的共享权限、数据资源、部门、下级随即在此终止；无人能说失去了什么的，须逐一核对后加 --checked。此后每个上下级一经连接，先问它见过什么，再答复其他行政区划",
		"After a data directory was copied, moved or restored, the node first asks its neighbours whether it is the newest. Where none answers for 10 minutes, or there is none to ask (a root without children), an administrator says how it is with this command, and the ledger records the reason.\nFind out first that the one before is out of use: where two directories sign, the ledger forks, and nobody believes it any more. If nothing is lost, because the directory was only moved, add --newest: the ledger goes on as it was. If it is an old backup, and nothing newer is left, do not: the ledger goes on in a new epoch; the heads of what is lost are fetched from the parent, and the grants, datasets, agencies and children that ended in it end here. Where nobody can tell what is lost, look through them yourself, and add --checked. From then on each neighbour is asked what it saw as soon as it is linked, before another jurisdiction is answered"},
	{CLIFlagChecked, "失去的条目中可能终止过的，已逐一核对", "what may have ended in the lost entries was looked through"},
	{CLIFlagNewest, "什么都没有失去：目录只是迁移，就是最新的", "nothing is lost: the directory was only moved, and is the newest"},
	{CLIContinueSure, "账本将以新的纪元继续：更新的目录或备份中比本目录多出的条目就此放弃，那份目录从此不能再用，不能撤回。确已没有更新的一份、要继续吗？输入 y 继续：",
		"the ledger will go on in a new epoch: what a newer directory or backup has beyond this one is given up, that one can never be used again, and nobody can take this back. Is none newer left, and shall it go on? y goes on:"},
	{CLIContinued, "账本继续，恢复签名和答复。条目：{entry}", "The ledger goes on: the node signs and answers again. Entry: {entry}"},
	{CLIFileDiffers, "文件已存在，内容不同；没有写入任何文件", "the file is there with another content; nothing was written"},
	{CLIFileDiffersDo, "请用 --out 换一个目录，或先把原文件移走。同一条目再次取得的凭证可能带有较新的检查点，与原来的同样有效",
		"give another folder with --out, or move the file away first. A receipt that is fetched again may come with a newer checkpoint, and is no better than the one before"},
	{CLIReceiptSaved, "存证凭证已保存到 {file}", "saved the receipt to {file}"},
	{CLIDataTrue, "验证通过：{name} 的 {entries} 个条目与检查点一致，根 {root}",
		"verified: the {entries} [entry|entries] of {name} [agrees|agree:entries] with the checkpoint, root {root}"},
	{CLIShortRepair, "从其他副本修复本机损坏的数据", "mend damaged data of this machine from the other replicas"},
	{CLILongRepair, "从其他副本修复本节点这一副本已查出的损坏，立即进行，等待结果，并说明哪些已经完好、哪些没有以及原因。有多台机器损坏的，在每台上执行。\n节点平时自行修复；这条命令不等待两次之间的一小时。",
		"Mend what is known to be damaged of this node's replica from the other replicas: at once, wait for it, and say what is whole again, what is not,\nand why. Where several machines are damaged, run it on each. The node mends by itself, too; this does not wait for the hour between two tries."},
	{CLIRepairNone, "副本 {replica} 没有已知的损坏，无须修复；每日通读会查出新的损坏，停止后复制的目录可用 xietong ledger verify --data DIR 全部核对",
		"nothing of replica {replica} is known to be damaged, so there is nothing to mend; the daily round finds what decays, and `xietong ledger verify --data DIR` reads all of a copy that was made while it was stopped"},
	{CLIRepairFiles, "旧条目的文件有 {count} 个已经完好", "{count} [file|files] of old entries [is|are:count] whole again"},
	{CLIRepairFrom, "全部数据已从副本 {from} 取回", "all data were taken anew from replica {from}"},
	{CLIRepairWhole, "副本 {replica} 已经完好；请检查磁盘", "replica {replica} is whole again; check its disk"},
	{CLIRepairLeft, "仍未修复：{what}。{do}", "not mended: {what}; {do}"},
	{CLIDataNoStart, "{name} 的 {entries} 个条目与检查点一致，根 {root}；但是节点无法以此目录启动：",
		"the {entries} [entry|entries] of {name} [agrees|agree:entries] with the checkpoint, root {root}, but no node starts with this directory:"},
	{CLIDataFalse, "验证未通过：{name} 的账本不成立：{first}", "refused: the ledger of {name} does not hold: {first}"},
	{CLIDataFiles, "验证未通过：{name} 的账本旧条目的文件缺失或已损坏，共 {count} 个：{files}。请停止节点，从本账本的任何一份备份（较早的也可以）把同名文件复制到 {dir}，再验证一次：这样的文件从不改变，各份备份中的都一样",
		"refused: files of old entries of the ledger of {name} are missing or damaged, {count} in all: {files}; while the node is stopped, copy the files of these names into {dir} from any backup of this ledger, also an older one, and verify again: such a file never changes, so it is the same in each"},
	{CLIDataRoster, "{name} 现行的第 {number} 版名录有损坏，账本不受影响：启动节点后，根用发布这一版的文件再执行一次 xietong roster publish，其他节点与上级连通后自动重新取得",
		"the roster in force of {name}, number {number}, is damaged; the ledger is not: once the node runs, a root runs `xietong roster publish` once more with the file of that number, and any other node gets it again from its parent by itself"},
	{CLIDataUnread, "验证未通过：有 {count} 个条目的内容已损坏、无法读取，首个是 {first}；账本本身无误，是记录的，请提供部门重新提交，备份不旧于现在的数据的，也可用它恢复",
		"refused: the content of {count} [entry|entries] is damaged and cannot be read, the first is {first}; the ledger itself is right: if it is a record, have its provider put it again, or bring back a backup that is not older"},
	{CLIDataOther, "验证未通过：{name} 的账本本身无误，但账本之外保存的数据有 {count} 处与条目所说不符，首处在 {bucket}，涉及 {entry}：{how}；请勿启动这一目录，有多个副本的，撤下这一副本后重新邀请，只有一个副本的，用不旧于现在数据的备份恢复",
		"refused: the ledger of {name} is right, but what is kept beside it is not what its entries say in {count} [place|places], the first in {bucket}, of {entry}: {how}; do not start this directory: of several replicas take this one out and invite it anew, of one bring back a backup that is not older"},
	{CLIKeptMissing, "条目有记载，数据中没有", "the entry says it, and it is not kept"},
	{CLIKeptUnsaid, "数据中有，没有条目记载", "it is kept, and no entry says it"},
	{CLIKeptOther, "数据与条目的记载不同", "what is kept is another than the entry says"},
	{CLIKeystoreOther, "验证未通过：此密钥库（keystore）不是 {name} 账本的密钥库，用它启动的节点查不到记录；请放回属于本账本的密钥库",
		"refused: this keystore is not the one of this ledger, {name}: a node would find no record under it; put back the keystore of this ledger"},
	{CLIKeystoreDamaged, "验证未通过：{name} 的密钥库（keystore）已损坏，内容无法读取；请从备份恢复",
		"refused: the keystore of {name} is damaged, and no payload can be read; restore it from a backup"},
	{CLIShortCheckpoint, "查看最新检查点", "Show the newest checkpoint"},
	{CLIShortLedgerList, "列出各条目的要素，新的在前", "List the heads of the entries, the newest first"},
	{
		CLILongLedgerList,
		"列出本级账本各条目的要素，新的在前。\n用 --at 列出某个下级账本中的各项行为（授权、撤销、背书等，不含逐条记录和逐次使用），连同经其上级签署的证明逐级报来，\n无须再问该下级；其后说明该下级及其以下各级账本的行为截至第几条、何时报到。",
		"List the heads of the entries of this ledger, the newest first.\nWith --at, list the acts of a jurisdiction below (grants, revocations, endorsements and such, not each record and use). They\ncame up with their proofs, and nobody is asked; what follows says up to which entry those of it, and of all below it,\nare known, and since when.",
	},
	{CLIFlagActsOf, "下级 `NAME` 账本中的各项行为", "the acts of the jurisdiction `NAME` below"},
	{CLIKnownUpTo, "{log}：前 {size} 条中的全部 {acts} 项行为，{at} 收到", "{log}: all {acts} [act|acts:acts] of its first {size} [entry|entries:size], known since {at}"},
	{CLIKindLost, "{kind}（已失去）", "{kind} (lost)"},
	{
		CLIKnownThrough, "{log}：前 {size} 条中的 {acts} 项行为，由 {by} 转报，是否齐全以其所报为准，{at} 收到",
		"{log}: {acts} [act|acts:acts] of its first {size} [entry|entries:size], as passed on by {by}, who says that these are all; known since {at}",
	},
	{CLIFlagKind, "只列该类型的条目：`KIND` 为列表所示的类型，如“授予共享权限”，或其英文名称、编号，如 grant、12", "entries of the kind `KIND` alone: its name as lists have it, in either language, or its number, such as grant or 12"},
	{CLIFlagStatedBy, "只列部门 `CODE` 所作的条目", "entries that the agency `CODE` stated alone"},
	{CLIFlagEntryCode, "只列数据资源或事项 `CODE` 的条目", "entries of the dataset or matter `CODE` alone"},
	{CLIShortEntry, "查看一个条目的要素", "Show the head of an entry"},
	{
		CLILongEntry,
		"查看一个条目的要素。ENTRY 为条目序号或完整名称；其他行政区划的条目须写完整名称，且只有记录本部门使用情况的才能查看：\n取得其存证凭证并验证后再显示。--in、--as 说明由谁来问。",
		"Show the head of an entry. ENTRY is its index or its whole name; one of another jurisdiction needs the whole name, and is shown\n" +
			"where it records a use of one's own: its receipt is asked for, and verified first. --in and --as say who asks.",
	},
	{CLIShortReceipt, "保存一个条目的存证凭证", "Save the receipt of an entry"},
	{CLIShortVerify, "离线验证存证凭证、数据目录或导出的账本", "Verify a receipt, a data directory or an export offline"},
	{
		CLILongReceipt,
		"保存存证凭证（.receipt）和内容（.payload，已销毁或不归您的没有），文件名取条目的完整名称，已有的不同文件绝不覆盖。\nENTRY 为条目序号或完整名称。\n" +
			"内容只给其所属：记录给提供部门（并记为一次使用），使用记录和申请给双方，部门的行为给该部门，\n节点自身的陈述给管理员（未用 --as 指明部门的即为管理员）。",
		"Save the receipt (.receipt) and the payload (.payload; absent when it was erased or is not yours), named by the whole name\n" +
			"of the entry; another file that is there is never replaced. ENTRY is the index or the whole name of the entry.\n" +
			"A payload goes to whom it belongs: a record to its provider (and that is recorded as a use), an\n" +
			"access record or an application to both sides, an act to its agency, the node's own statements to administrators\n(whoever names no agency with --as).",
	},
	{
		CLILongVerify,
		"验证存证凭证：给出 RECEIPT、（如有）PAYLOAD 和 --root 根的起点标识。\n验证数据目录：不给参数，用 --data 指明已停止的节点的目录或其复制件；同时验证节点能以它启动（地址和端口除外），不改动其中任何内容。\n验证导出的账本：给出 EXPORT（目录，或者单独一份检查点）和 --policy 见证规则；用 --since 的，另证明它承接留存的检查点。\n都不需要运行中的节点。",
		"Verify a receipt: give RECEIPT, PAYLOAD if there is one, and the pin with --root.\nVerify a data directory: give no argument, and name the directory of a stopped node, or a copy, with --data.\nThat a node starts with it is verified, too, but for addresses and ports, and nothing in it is changed.\nVerify an export: give EXPORT, its directory or a checkpoint alone, and the policy with --policy; --since also proves\nthat it goes on from a checkpoint that was kept. None of them needs a running node.",
	},
	{CLIFlagOut, "保存到目录 `DIR`（默认当前目录）", "save in the directory `DIR` (default the current one)"},
	{CLIFlagRoot, "根的起点标识 `PIN`（见 xietong tree）", "the `PIN` of the root, which is trusted (see xietong tree)"},
	{
		CLIBadEntry,
		"“{value}”不是条目序号，也不是（--in 所指行政区划的）条目名称",
		"\"{value}\" is no index of an entry, and no name of one (of the jurisdiction that --in names)",
	},
	{CLIPayloadSaved, "内容已保存到 {file}，仅本用户可读", "saved the payload to {file}, readable by you alone"},
	{CLIReceiptErased, "该条目的内容已销毁，存证凭证仍然有效", "the payload of this entry was erased; the receipt still holds"},
	{CLIReceiptWithheld, "该条目的内容不归您所用的身份，未提供；存证凭证不含内容，照样可以验证",
		"the payload of this entry belongs to others and was not given; the receipt is verified without it"},
	{CLIPayloadUnseen, "未给出内容文件，只验证了要素和内容承诺", "no payload was given: the head and the commitment were verified, the content was not"},
	{CLIVerifyProgress, "已验证 {done}/{total} 个条目", "verified {done} of {total} [entry|entries]"},
	{CLILog, "存证账本", "ledger"},
	{CLISize, "条目数", "size"},
	{CLIRoot, "根", "root"},
	{CLIAbout, "所涉条目", "about"},
	{CLISeq, "部门内序号", "seq"},
	{CLISigned, "部门签名", "signed"},
	{CLICommitment, "内容承诺", "commitment"},
	{CLILeafHash, "叶哈希", "leaf hash"},
	{CLIChain, "信任链", "chain"},
	{CLIAsOf, "背书作出于", "endorsed as of"},
	{CLIContentType, "内容类型", "content type"},
	{CLIYes, "是", "yes"},
	{CLINo, "否", "no"},
}
