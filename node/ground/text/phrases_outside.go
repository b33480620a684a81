package text

// outsidePhrases are the causes of what is verified by a policy, of a ledger as others read it
// (consensus/ledger, node/ground/offline). Words that stand alone are quoted by who tells them.
var outsidePhrases = []struct{ form, zh string }{
	// policies (C2SP tlog-policy)
	{`line {n}: {why}`, "第 {n} 行：{why}"},
	{`it has no quorum line`, "缺少 quorum 一行"},
	{`the last line has no end; the file was cut short`, "末行没有换行：文件不完整"},
	{`a control character stands in it`, "含有控制字符"},
	{`it begins with {value}, and neither with log, witness, group nor quorum`, "以 {value} 开头，而各行只能以 log、witness、group、quorum 开头"},
	{`a log line has a verifier key and at most an address behind it`, "log 之后应为验证公钥，其后至多再写一个地址"},
	{`a witness line has a name, a verifier key, and at most an address behind them`, "witness 之后应为名称和验证公钥，其后至多再写一个地址"},
	{`a group line has a name, all, any or a number, and the members`, "group 之后应为名称，all、any 或者数字，以及各成员"},
	{`a quorum line has one name`, "quorum 之后应为一个名称"},
	{`the same key stands in a log line before`, "前面的 log 行已有同一公钥"},
	{`the same key stands in a witness line before`, "前面的 witness 行已有同一公钥"},
	{`none is no name for a witness or a group`, "none 不能用作见证方或者组的名称"},
	{`the name {value} stands in a line before`, "名称 {value} 前面已经用过"},
	{`no line before defines {value}`, "前面的行没有定义 {value}"},
	{`{value} is a member of a group already`, "{value} 已是一个组的成员"},
	{`{value} is neither all, any nor a number from 1 to {n}`, "{value} 不是 all、any，也不是 1 至 {n} 的数字"},
	{`a quorum line stands before`, "前面已有 quorum 一行"},
	{`it has more than {n} logs`, "账本多于 {n} 个"},
	{`it has more than {n} witnesses and groups`, "见证方和组合计多于 {n} 个"},

	// verifier keys (C2SP signed-note)
	{`a verifier key has the form NAME+ID+KEY`, "验证公钥的形式是 NAME+ID+KEY"},
	{`the id in a verifier key has 8 hex digits`, "验证公钥中的标识应为 8 位十六进制数字"},
	{`the key in a verifier key is not in base64`, "验证公钥中的公钥不是 base64"},
	{`the verifier key is of type 6 (ML-DSA-44), which this program does not verify`, "验证公钥属于类型 6（ML-DSA-44），本程序不能验证"},
	{`the verifier key is of type {n}, where type {m} must stand`, "验证公钥属于类型 {n}，此处应为类型 {m}"},
	{`the verifier key has {n} bytes, where {m} must stand`, "验证公钥长 {n} 字节，应为 {m} 字节"},
	{`the id in the verifier key is not that of its name and key; it was changed or cut`, "验证公钥中的标识与名称、公钥不符：被改动过或者不完整"},

	// exports (C2SP tlog-tiles)
	{`the file is missing`, "缺少这个文件"},
	{`it has {n} bytes, not {m}`, "长 {n} 字节，应为 {m} 字节"},
	{`hash {n} is not the one that the tiles below give`, "第 {n} 个哈希与下一层的不一致"},
	{`the entries do not give the root that was signed`, "由各条目推导的根与签名的不一致"},
	{`no log key of the policy signed the checkpoint of {value}`, "检查点（{value}）没有规则所列的账本公钥的签名"},
	{`the older checkpoint is of {a}, this one of {b}`, "留存的是 {a} 的检查点，这一份是 {b} 的"},
	{`the older checkpoint has {n} entries, this one {m}`, "留存的检查点有 {n} 个条目，这一份只有 {m} 个"},
	{`two checkpoints of {n} entries have different roots`, "两份检查点都是 {n} 个条目，根却不同"},
	{`the older checkpoint is not the beginning of this one: {rest}`, "留存的检查点所含的条目不是这一份的开头部分"},
	{`no entry began epoch {n}`, "其中没有开启第 {n} 纪元的条目"},
	{`it is of an earlier epoch, and only a whole export shows how the later one began`, "它属于此前的纪元，而只有完整的导出才能表明后一纪元如何开启"},
	{`of its {n} entries more are lost than the ledger names`, "其 {n} 个条目中失去的，比账本写明的多"},
}
