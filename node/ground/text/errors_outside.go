package text

import "net/http"

// Problems of the ledger as it is given to those outside, and of what they verify it by.
const (
	PolicyFault   Code = "policy-invalid"
	ExportFault   Code = "export-invalid"
	PolicyUnmet   Code = "policy-unmet"
	KeptLost      Code = "kept-lost"
	NotConsistent Code = "not-consistent"
	ProofMissing  Code = "proof-missing"
	ExportOther   Code = "export-other"
	ExportForked  Code = "export-forked"
	SinceBeyond   Code = "since-beyond"
	ExportDiffers Code = "export-differs"

	WitnessedBehind Code = "witnessed-behind"
	PolicyNoKey     Code = "policy-no-key"
)

var outsideProblems = []problem{
	{
		number: 421, code: PolicyFault, status: http.StatusUnprocessableEntity, params: []string{"file", "reason"},
		zh: parts{"见证规则文件有误", "不能按这份见证规则验证：{reason}", "{file}", "请改正这一行，再执行同一命令；各行的写法见 docs/zh/ledger-export.md"},
		en: parts{"Invalid policy", "nothing can be verified by this policy (C2SP tlog-policy): {reason}", "{file}",
			"correct that line, and repeat the command; docs/ledger-export.md has the lines"},
	},
	{
		number: 422, code: ExportFault, status: http.StatusUnprocessableEntity, params: []string{"file", "reason"},
		zh: parts{"导出的账本未通过验证", "导出的账本不可采信：{reason}", "{file}", "请向出具方重新索取这个文件，或者重新导出；重新取得的仍然如此的，请保留两份，这是账本被改动过的证据"},
		en: parts{"Exported ledger refused", "the exported ledger proves nothing: {reason}", "{file}",
			"get this file anew from whoever gave it, or export again; if it is the same then, keep both: they are evidence that the ledger was changed"},
	},
	{
		number: 585, code: PolicyNoKey, status: http.StatusUnprocessableEntity, params: []string{"file", "log", "found"},
		zh: parts{"没有规则所列公钥的签名", "{log} 的检查点没有见证规则所列公钥的签名，无从验证；规则所列的公钥属于：{found}", "{file}",
			"请另行向出具方核对公钥（在其节点上用 xietong ledger checkpoint 查看）：公钥随副本更换；失去过条目的账本以新纪元继续（如 …/log/1 之后为 …/log/2），须在规则中为新账本另列各行，密钥相同，详见 docs/zh/ledger-export.md。公钥无误而仍然如此的，这份检查点不可采信，请重新索取"},
		en: parts{"Signed by no key of the policy", "no verifier key that the policy lists signed the checkpoint of {log}, so nothing can be verified; the keys that it lists are of: {found}", "{file}",
			"compare the keys, another way than the export, with those of whoever runs the ledger (`xietong ledger checkpoint` shows them at its node): they change with the replicas, and a ledger that lost entries goes on in a new epoch (as …/log/2 after …/log/1), for which the policy needs lines of its own with the same keys, see docs/ledger-export.md. Where the keys are right, and it is so still, the checkpoint proves nothing: get it anew"},
	},
	{
		number: 423, code: PolicyUnmet, status: http.StatusUnprocessableEntity, params: []string{"file", "missing"},
		zh: parts{"见证不足", "检查点有账本的签名，但缺少规则要求的见证：{missing}", "{file}", "请索取见证更全的检查点，或者向所列的见证方查问；见证方不再运行的，请修改规则"},
		en: parts{"Too few witnesses", "the log signed the checkpoint, and cosignatures that the policy asks for are missing: {missing}", "{file}",
			"get the checkpoint with more cosignatures, or ask the witnesses that are listed; where one is no longer run, change the policy"},
	},
	{
		number: 424, code: NotConsistent, status: http.StatusUnprocessableEntity, params: []string{"found", "file", "reason"},
		zh: parts{"与留存的检查点不一致", "不能证明这份账本承接所留存的检查点（{found}）：{reason}", "{file}", "缺少证明的，可用 xietong ledger checkpoint 的选项 --since 和 --raw 取得；留存的较新的，请取得更新的导出；此外的情形请将两份都保留并交给监督方：同一账本有两份不相承接的签名检查点，就是历史被改写的证据"},
		en: parts{"Not consistent with the kept checkpoint", "this ledger is not proven to go on from the checkpoint that was kept ({found}): {reason}", "{file}",
			"where the proof is missing, `xietong ledger checkpoint` prints it with --since and --raw; where the kept one is newer, get a newer export; else keep both, and give them to whoever supervises: two signed checkpoints of one ledger of which neither goes on from the other are evidence that history was rewritten"},
	},
	{
		number: 589, code: ProofMissing, status: http.StatusUnprocessableEntity, params: []string{"found", "file", "size"},
		zh: parts{"没有从留存的检查点起的证明", "文件中没有从 {size} 个条目（即留存的检查点 {found}）起的一致性证明：账本是否由它承接而来，既没有证明，也没有否定", "{file}",
			"请取得从这一条目数起的证明再验证：xietong ledger checkpoint --since {size} --raw，或者改用整个导出"},
		en: parts{"No proof from the kept checkpoint on", "the file has no proof from {size} [entry|entries] on, those of the checkpoint that was kept ({found}): whether this ledger goes on from it is neither proven nor refuted", "{file}",
			"get the proof from that size on, and verify it: `xietong ledger checkpoint --since {size} --raw`; or verify a whole export"},
	},
	{
		number: 541, code: KeptLost, status: http.StatusUnprocessableEntity, params: []string{"found", "file", "log", "size", "from"},
		zh: parts{"留存的有一部分已失去", "留存的检查点（{found}）有 {log} 的 {size} 个条目，其中从第 {from} 条起，账本自己写明已经失去；此前的是否即为所留存的，这一检查点无从比对", "{file}",
			"请用 --since 指定所留存的、条目不多于 {from} 个的检查点中最新的一份；这一份请继续保留，它连同存证凭证表明失去了什么"},
		en: parts{"What was kept is lost in part", "the checkpoint that was kept ({found}) is of {size} [entry|entries:size] of {log}, of which those from entry {from} on are lost, as the ledger names itself: it cannot tell whether what is before them is what was kept", "{file}",
			"give --since the newest checkpoint that you kept of at most {from} [entry|entries:from]; keep this one, too: with receipts it shows what was lost"},
	},
	{
		number: 435, code: ExportOther, status: http.StatusConflict, params: []string{"dir", "found", "log"},
		zh: parts{"目录中是另一账本的导出", "此目录中已有 {found} 的导出，不是 {log} 的；没有写入任何内容", "{dir}", "请换一个空目录"},
		en: parts{"Export of another ledger", "the directory has an export of {found}, not of {log}; nothing was written", "{dir}", "give another, empty directory"},
	},
	{
		number: 436, code: ExportForked, status: http.StatusConflict, params: []string{"dir", "number", "count"},
		zh: parts{"账本不承接原有的导出", "此目录中的导出有 {number} 个条目，现有账本（{count} 个条目）不承接它；没有写入任何内容", "{dir}",
			"请保留此目录，它是证据：账本可能是从较早的备份恢复的，或者历史被改写；请查明原因，另换空目录导出"},
		en: parts{"Ledger does not go on from the export", "the export in the directory has {number} [entry|entries:number], and the ledger, with {count} now, does not go on from it; nothing was written", "{dir}",
			"keep the directory, it is evidence: the ledger was brought back from an older backup, or its history was rewritten; find out which, and export into another, empty directory"},
	},
	{
		number: 437, code: SinceBeyond, status: http.StatusBadRequest, params: []string{"number", "count", "log"},
		zh: parts{"账本没有这么多条目", "所给的条目数是 {number}，账本现有 {count} 个条目", "{log}",
			"请核对条目数（检查点的第二行）；确是本账本曾签署的检查点的，请保留它：账本可能是从较早的备份恢复的"},
		en: parts{"Ledger is shorter", "the size that was given is {number}, and the ledger has {count} [entry|entries:count]", "{log}",
			"check the size, which is the second line of a checkpoint; if this ledger did sign it, keep that checkpoint: the ledger was brought back from an older backup"},
	},
	{
		number: 584, code: WitnessedBehind, status: http.StatusConflict, params: []string{"number", "count", "log"},
		zh: parts{"最新见证的检查点较旧", "最新的、已获见证的检查点有 {count} 个条目，所给的或已导出的是 {number} 个；账本本身已承接至 {number} 个条目以上，没有问题，没有写入任何内容", "{log}",
			"请等下一次见证（一般几分钟之内；用 xietong ledger checkpoint --witnessed 查看其条目数达到 {number}），再执行同一命令；不需要见证的，去掉 --witnessed；现在就要见证的，另换空目录导出"},
		en: parts{"Witnessed checkpoint is older", "the newest checkpoint that was witnessed has {count} [entry|entries:count], and what was given, or exported before, {number}; the ledger itself goes on from there, so nothing is wrong, and nothing was written", "{log}",
			"wait until the next one is witnessed, some minutes as a rule (`xietong ledger checkpoint --witnessed` shows a size of {number} or more), and repeat the command; leave out --witnessed where no witness is needed, or export into another, empty directory"},
	},
	{
		number: 438, code: ExportDiffers, status: http.StatusConflict, params: []string{"file"},
		zh: parts{"导出的文件内容不同", "此文件已存在，内容与账本给出的不同；已导出的文件从不改写", "{file}", "请用 xietong ledger verify 验证该目录；确已损坏的，请移走此文件，再执行同一命令"},
		en: parts{"Exported file differs", "the file is there with another content than the ledger gives; what was exported is never replaced", "{file}",
			"verify the directory with `xietong ledger verify`; if the file is damaged, move it away, and repeat the command"},
	},
}
