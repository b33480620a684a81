package text

// Sentences of the verbs that give the ledger to those outside, and verify what they were given.
const (
	CLIShortLedgerExport Code = "cli.short-ledger-export"
	CLILongLedgerExport  Code = "cli.long-ledger-export"
	CLILongCheckpoint    Code = "cli.long-checkpoint"
	CLIFlagSinceSize     Code = "cli.flag-since-size"
	CLIFlagRaw           Code = "cli.flag-raw"
	CLIFlagWitnessed     Code = "cli.flag-witnessed"
	CLIFlagPolicy        Code = "cli.flag-policy"
	CLIFlagKept          Code = "cli.flag-kept"
	CLIVerifierKey       Code = "cli.verifier-key"
	CLIGoesOn            Code = "cli.goes-on"
	CLIExporting         Code = "cli.exporting"
	CLIExportStopped     Code = "cli.export-stopped"
	CLIExported          Code = "cli.exported"
	CLIExportedKeys      Code = "cli.exported-keys"
	CLIExportTrue        Code = "cli.export-true"
	CLINoteTrue          Code = "cli.note-true"
	CLILogKeys           Code = "cli.log-keys"
	CLILogKeysOf         Code = "cli.log-keys-of"
	CLIQuorum            Code = "cli.quorum"
	CLIQuorumNone        Code = "cli.quorum-none"
	CLIWitness           Code = "cli.witness"
	CLIIgnored           Code = "cli.ignored"
	CLIKept              Code = "cli.kept"
	CLIKeptEntries       Code = "cli.kept-entries"
	CLIKeptEpoch         Code = "cli.kept-epoch"
	CLINewestEntry       Code = "cli.newest-entry"
	CLIPolicyOrRoot      Code = "cli.policy-or-root"
)

var outsideSentences = []sentence{
	{CLIShortLedgerExport, "导出存证账本，供外部工具验证", "Export the ledger for tools of others"},
	{
		CLILongLedgerExport,
		"将账本导出为 C2SP tlog-tiles 文件（checkpoint、tile/），其他工具可以直接读取；再次执行，只补上新的部分。\n" +
			"只含各条目的要素和内容承诺，不含内容，但可看出哪个部门何时对哪项数据做了什么，公开前请阅读 docs/zh/ledger-export.md。\n" +
			"节点未运行的，直接从数据目录（--data）导出，到其最新检查点为止。",
		"Export the ledger as files of C2SP tlog-tiles (checkpoint, tile/), which tools of others read as they are; a second call\n" +
			"adds what is new. They have the heads of the entries and the commitments, and no payload; who reads them learns which\n" +
			"agency did what with which data, and when: read docs/ledger-export.md before you publish them.\n" +
			"Where no node runs, the export is of the data directory (--data), up to its newest checkpoint.",
	},
	{
		CLILongCheckpoint,
		"查看最新检查点和签署它的各副本的验证公钥（C2SP signed-note）。\n用 --since 的，另给出账本承接较早条目数的一致性证明（RFC 9162）；\n用 --raw 的，只输出检查点，或（连同 --since）C2SP tlog-witness 的 add-checkpoint 请求，供其他工具使用。",
		"Show the newest checkpoint, and the verifier keys (C2SP signed-note) of the replicas that sign it.\nWith --since also the proof that the ledger goes on from an older size (RFC 9162);\n" +
			"with --raw nothing but the checkpoint or, with --since, the request add-checkpoint of C2SP tlog-witness, as tools take them.",
	},
	{CLIFlagSinceSize, "证明账本承接前 `SIZE` 个条目", "prove that the ledger goes on from its first `SIZE` entries"},
	{CLIFlagWitnessed, "取最新的已获其他节点见证的检查点，连同见证", "take the newest checkpoint that another node witnessed, with the cosignatures"},
	{CLIFlagRaw, "只输出其他工具所用的文本", "print the text that tools take, and nothing else"},
	{CLIFlagPolicy, "按见证规则文件 `FILE`（C2SP tlog-policy）验证导出的账本或检查点", "verify an export or a checkpoint by the policy `FILE` (C2SP tlog-policy)"},
	{CLIFlagKept, "证明它承接此前留存的检查点 `FILE`", "prove that it goes on from the checkpoint `FILE`, which was kept"},
	{CLIVerifierKey, "{replica} 的验证公钥", "verifier key of {replica}"},
	{CLIGoesOn, "一致性证明：{count} 个哈希证明账本承接前 {since} 个条目（用 --raw 输出）",
		"consistency proof: {count} [hash proves|hashes prove] that the ledger goes on from its first {since} [entry|entries:since] (printed with --raw)"},
	{CLIExporting, "已导出 {done}/{total} 个条目", "exported {done} of {total} [entry|entries]"},
	{CLIExportStopped, "节点未运行，从数据目录导出", "no node runs: this is exported from the data directory"},
	{CLIExported, "已导出 {log} 的 {entries} 个条目到 {dir}（原有 {since} 个），写入 {files} 个文件，根 {root}",
		"exported {entries} [entry|entries] of {log} to {dir} ({since} were there): {files} [file|files:files] written, root {root}"},
	{CLIExportedKeys, "读者用 xietong ledger verify {dir} --policy FILE 或其他 C2SP 工具验证，所需的验证公钥见 xietong ledger checkpoint；请另行告知，勿与导出放在一起",
		"readers verify it with `xietong ledger verify {dir} --policy FILE` or any C2SP tool; `xietong ledger checkpoint` has the verifier keys, which they must get another way than the export"},
	{CLIExportTrue, "验证通过：{log} 的 {entries} 个条目与检查点一致（核对了 {files} 个文件），根 {root}",
		"verified: the {entries} [entry|entries] of {log} [agrees|agree:entries] with the checkpoint ({files} [file|files:files] looked at), root {root}"},
	{CLINoteTrue, "检查点有效：{log}，{entries} 个条目，根 {root}；只给了检查点，各条目未经核对",
		"the checkpoint holds: {log}, {entries} [entry|entries], root {root}; no entry was looked at, since a checkpoint alone was given"},
	{CLILogKeys, "账本签名", "signed by the log"},
	{CLILogKeysOf, "规则所列 {keys} 个公钥中的 {signed} 个", "with {signed} of the {keys} [key|keys] that the policy lists"},
	{CLIQuorum, "见证要求", "quorum"},
	{CLIQuorumNone, "none（规则不要求见证）", "none (the policy asks for no witness)"},
	{CLIWitness, "见证方 {name}", "witness {name}"},
	{CLIIgnored, "未列公钥的签名行", "lines by other keys"},
	{CLIKept, "承接留存的检查点", "goes on from"},
	{CLIKeptEntries, "{since} 个条目", "{since} [entry|entries]"},
	{CLIKeptEpoch, "{log} 的 {since} 个条目（此前的纪元）", "{since} [entry|entries] of {log}, an epoch before"},
	{CLINewestEntry, "最后一个条目的时间", "newest entry"},
	{CLIPolicyOrRoot, "--policy 用于验证导出的账本，--root 用于验证存证凭证，不能同时使用", "--policy is for an export and --root is for a receipt: give one of them"},
}
