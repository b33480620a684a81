package text

// Sentences of the paper with a recovery key.
const (
	PaperTitle       Code = "paper.title"
	PaperOf          Code = "paper.of"
	PaperFingerprint Code = "paper.fingerprint"
	PaperKeep        Code = "paper.keep"
	PaperKeepRoot    Code = "paper.keep-root"
	PaperCode        Code = "paper.code"
	PaperAlone       Code = "paper.alone"
	PaperOnce        Code = "paper.once"
	PaperNarrow      Code = "paper.narrow"
	PaperBefore      Code = "paper.before"
	PaperNone        Code = "paper.none"
	PaperKept        Code = "paper.kept"
	PaperVoid        Code = "paper.void"
	PaperNotYet      Code = "paper.not-yet"
	PaperReplaced    Code = "paper.replaced"
	PaperAsk         Code = "paper.ask"
	PaperBelieved    Code = "paper.believed"
	PaperAnew        Code = "paper.anew"
	PaperMissing     Code = "paper.missing"
	PaperStatus      Code = "paper.status"

	PaperHostedBelieved Code = "paper.hosted-believed"
	PaperHostedMissing  Code = "paper.hosted-missing"

	PaperNoJSON    Code = "paper.no-json"
	PaperRekeyed   Code = "paper.rekeyed"
	CLIFlagWords   Code = "cli.flag.recovery-words"
	CLIFlagPaper   Code = "cli.flag.paper"
	CLIFlagRecover Code = "cli.flag.recovery"
)

var paperSentences = []sentence{
	{PaperTitle, "恢复密钥（请打印或抄写，不要拍照或存盘）", "Recovery key: print it or copy it by hand; do not photograph or save it"},
	{PaperOf, "{name}，第 {number} 号密钥集，{date}", "{name}, key set {number}, {date}"},
	{PaperFingerprint, "指纹：{fingerprint}", "fingerprint: {fingerprint}"},
	{PaperKeep, "用途：本机连同全部密钥丢失后，凭这 24 个词可使新密钥立即被各地采信（xietong join TOKEN --recovery）；没有它，其他地方要等 72 小时",
		"What it is for: when this machine and all its keys are lost, others believe the new keys at once by these 24 words (`xietong join TOKEN --recovery`); without them they wait for 72 hours"},
	{PaperKeepRoot, "根没有上级可以重新邀请，因此这 24 个词目前不能用来恢复；请妥善备份数据目录（停止节点后完整复制）。只有本节点以后加入上级，此纸才可用于恢复；新建时提示不能加入，则不能。请装入信封，锁入保险柜，与机器分开存放",
		"A root has no parent to invite it again, so these 24 words bring nothing back now: back up the data directory (stop the node, copy all of it). The paper serves only if this node joins a parent later, which it cannot where that was said when it was made. Seal it, and lock it away from the machine"},
	{PaperCode, "二维码与 24 个词是同一密钥：恢复时用键盘式扫码枪读入即可，不要用手机拍摄；手抄时不必理会", "The QR code is the same key: a hand scanner types it when the words are asked for. Do not use a phone; who copies by hand needs none of it"},
	{PaperAlone, "仅凭这张纸不能改变任何事：还须上级重新邀请并背书。请装入信封，锁入保险柜，与机器分开存放",
		"The paper alone moves nothing: the parent must invite and endorse too. Seal it, and lock it away from the machine"},
	{PaperOnce, "以上内容只显示这一次，任何机器上都不留存", "It is shown this once, and kept on no machine"},
	{PaperNarrow, "终端不足 {columns} 列，未显示二维码；24 个词已经完整", "The terminal has fewer than {columns} [column|columns], so there is no QR code; the 24 words are all of it"},
	{PaperBefore, "恢复密钥已在以前的一次执行中显示过，指纹 {fingerprint}。如果手上没有这个指纹的纸，请在加入后执行 {xietong} keys renew --recovery；其他指纹的纸不属于本机的密钥，其中丢失前那套密钥的纸要保留",
		"The recovery key was shown by an earlier run, fingerprint {fingerprint}. If you have no paper with this fingerprint, run `{xietong} keys renew --recovery` once the node runs. A paper with another fingerprint is not of this machine's keys: keep that of the keys that were lost"},
	{PaperKept, "{name}的恢复密钥仍以指纹 {fingerprint} 的那张纸为准", "The paper with the fingerprint {fingerprint} still counts for {name}"},
	{PaperNone, "没有显示{title}的恢复密钥，因此没有人持有它。请执行 {program} --in {name} keys renew --recovery", "No recovery key of {title} was shown, so nobody holds it: run `{program} --in {name} keys renew --recovery`"},
	{PaperVoid, "没有成功：请看 {xietong} keys status，如果那里不是指纹 {fingerprint}，刚才显示的恢复密钥就作废，请销毁那张纸",
		"It failed: see `{xietong} keys status`; unless it tells the fingerprint {fingerprint}, the recovery key just shown is void: destroy that paper"},
	{PaperNotYet, "没有完成：上面的纸（指纹 {fingerprint}）只在本数据目录以后成功时有效。请重复同一命令，或用新的邀请码在同一目录再次加入；如改用别的目录，请销毁这张纸",
		"Not done: the paper above, fingerprint {fingerprint}, counts only if this data directory succeeds later. Repeat the same command, or join with another invitation in this directory; if you take another directory, destroy the paper"},
	{PaperReplaced, "第 {number} 号密钥集启用 72 小时后，以新纸（指纹 {fingerprint}）为准，此前仍以旧纸为准；请届时再销毁旧纸",
		"The new paper, fingerprint {fingerprint}, counts when key set {number} has been in use for 72 hours, and the old one until then: destroy the old one after that, and not before"},
	{PaperAsk, "请输入旧恢复密钥的 24 个词（中文或英文，间隔不限），或二维码的文字；空行结束：", "Type the 24 words of the old recovery key (English or Chinese, in any spacing), or the text of its QR code; an empty line ends:"},
	{PaperBelieved, "已用恢复密钥签署：认得上一套密钥的各地在数秒内采信新的密钥，消息没有传到的在十分钟内；上一套密钥没有见过、只认得更早密钥的，要等 72 小时，或由上级的上级执行 xietong tree confirm。丢失前 72 小时内刚换过纸的，新纸尚未生效：请停止节点，用换下的旧纸重复本命令",
		"Signed with the recovery key: those who knew the keys before believe the new ones within seconds, and within ten minutes where the news did not come through; whoever never saw the keys before, and knows only earlier ones, waits for 72 hours, or until the level two above runs `xietong tree confirm`. A paper made less than 72 hours before the loss does not count yet: stop the node and repeat this command with the one before it"},
	{PaperAnew, "账本从第 {epoch} 纪元开始：这个名称以前若有账本，其中的部门、数据资源、记录、共享权限都不在本机，须重新建立；以前的存证只有已取得的凭证仍可验证。原有下级须逐一重新邀请（{xietong} invite NAME），对方停止节点后在原数据目录执行 xietong join TOKEN，其密钥和数据都保留。请备份数据目录（停止节点后完整复制）；只有原节点不再启动时才可放回最后一次的副本",
		"The ledger begins in epoch {epoch}: if this name had one before, agencies, datasets, records and grants from before are not here, and must be made again; of the entries from before only receipts that were fetched can be verified. Each child from before must be invited anew (`{xietong} invite NAME`); it stops its node and runs `xietong join TOKEN` in the same data directory, and its keys and data stay. Back up the data directory (stop the node, copy all of it), and put back none but the last copy, once the node has stopped for good"},
	{PaperMissing, "没有旧恢复密钥的签署：如果这个名称以前用过别的密钥，本分支之外要等 72 小时才采信新密钥；找到那张纸后，停止节点，重复本命令并加 --recovery，等待的各地即在数秒内采信",
		"Not signed with the old recovery key: if this name had other keys before, others outside the parent's branch believe the new ones in 72 hours, or within seconds if you find the paper, stop the node and repeat this command with --recovery"},
	{PaperHostedBelieved, "已用{title}的旧恢复密钥签署：认得其上一套密钥的各地在数秒内采信新的密钥，消息没有传到的在十分钟内；只认得更早密钥的，要等 72 小时，或由上级的上级执行 xietong tree confirm {name}",
		"Signed with the old recovery key of {title}: those who knew its keys before believe the new ones within seconds, and within ten minutes where the news did not come through; who knows only earlier ones waits for 72 hours, or until the level two above runs `xietong tree confirm {name}`"},
	{PaperHostedMissing, "没有{title}旧恢复密钥的签署：如果这个名称以前用过别的密钥，本分支之外要等 72 小时才采信新密钥。持有那张纸的，执行 {xietong} host add {name} --recovery，数秒内即被采信；没有的，可由上级的上级执行 xietong tree confirm {name}",
		"Not signed with the old recovery key of {title}: if this name had other keys before, others outside this branch believe the new ones in 72 hours. With the paper run `{xietong} host add {name} --recovery`, and they do within seconds; without it the level two above can run `xietong tree confirm {name}`"},
	{PaperStatus, "恢复密钥指纹 {fingerprint}，自第 {number} 号密钥集起（{since}）", "recovery key {fingerprint}, since key set {number} ({since})"},
	{PaperNoJSON, "恢复密钥只能显示给人看：--recovery 不能与 --json 同用", "a recovery key is shown to a person: --recovery and --json do not go together"},
	{PaperRekeyed, "对方若有旧恢复密钥的纸，请用 xietong join TOKEN --recovery：各地立即采信新密钥；否则本分支之外要等 72 小时",
		"If they have the paper of the old recovery key, let them run `xietong join TOKEN --recovery`: others believe the new keys at once. Without it those outside this branch wait for 72 hours"},
	{CLIFlagWords, "与 --json 同用：把恢复密钥的 24 个词写入输出；输出从此与那张纸同样机密", "with --json: put the 24 words of the recovery key into the output, which is then as secret as the paper"},
	{CLIFlagPaper, "换一张恢复密钥的纸：显示新密钥一次，下一号密钥集启用 72 小时后以它为准", "make a new paper: show a new recovery key once, which counts 72 hours after the next key set is in use"},
	{CLIFlagRecover, "重新加入：从标准输入读取旧恢复密钥的 24 个词，签署新密钥", "coming back: read the 24 words of the old recovery key from standard input, and sign the new keys with it"},
}
