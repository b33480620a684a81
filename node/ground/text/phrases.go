package text

// plainPhrases are those causes that English readers are told in other words than the floors below
// use among themselves.
var plainPhrases = []struct{ en, told string }{
	{`malformed ledger data: receipt: {why}`, "this is no receipt, or the file is damaged"},
	{`malformed ledger data: {what}: {why}`, "its data are damaged ({what})"},
	{`not proven: chain: invalid key set: {value} number {n} is not the pinned one`, "key set {n} of {value} is not the one that the pin names; the pin or the receipt is of another"},
	{`not proven: {value}`, "{value}"},
	{`Syntax error: mismatched input '<EOF>' expecting {rest}`, "it ends too early"},
	{`Syntax error: unexpected token after expression`, "something follows the expression; equality is =="},
	{`undeclared reference to '{value}'`, "there is no field or function {value}"},
	{`character U+{value}`, "it holds U+{value}, a character that nobody sees (of control, without width, or of direction); take it out"},
}

// causePhrases are the causes that the floors below and the libraries tell with parts of their own.
// The first that fits is taken, so that the narrower ones stand first.
var causePhrases = []struct{ en, told string }{
	// names (certs/identity, certs/trust)
	{`malformed name: pin "{value}" has not the form NAME/keys/NUMBER/HASH`, "“{value}”不是 NAME/keys/NUMBER/HASH 形式的起点标识"},
	{`malformed name: pin "{value}" is not spelled as it must be`, "起点标识“{value}”的写法不符"},
	{`malformed name: {kind} "{value}": {why}`, "{kind}“{value}”不合规定：{why}"},
	{`malformed name: {why}`, "名称不合规定：{why}"},
	{`it has not the form {value}`, "不是 {value} 的形式"},
	{`it is longer than {value} bytes`, "长于 {value} 字节"},
	{`it has more than {value} labels`, "多于 {value} 级"},
	{`in a label, {why}`, "其中一段{why}"},
	{`its index is no number below 2^62 without leading zeros`, "序号不是数字，或者前面带零"},

	// receipts (consensus/ledger, certs/trust)
	{`malformed ledger data: receipt: {why}`, "这不是存证凭证，或者文件已经损坏"},
	{`malformed ledger data: {what}: {why}`, "凭证中的数据已经损坏（{what}）"},
	{`not proven: {why}`, "{why}"},
	{`chain: {why}`, "信任链不成立：{why}"},
	{`invalid chain: {why}`, "信任链有误：{why}"},
	{`invalid key set: {why}`, "密钥集有误：{why}"},
	{`invalid endorsement: {why}`, "背书有误：{why}"},
	{`checkpoint: {why}`, "检查点不成立：{why}"},
	{`{value} number 1 is not the pinned one`, "{value} 的第 1 号密钥集不是起点标识所指的那一个；起点标识或凭证有一样不对"},
	{`{value} number {n} is not the pinned one`, "{value} 的第 {n} 号密钥集不是起点标识所指的那一个"},
	{`{value} number {n}, the last, is not the pinned one`, "{value} 的最后一个密钥集（第 {n} 号）不是起点标识所指的那一个"},
	{`the signature of {value} does not fit`, "{value} 的签名不符，内容被改动过"},
	{`invalid signature for key {value}`, "密钥 {value} 的签名不符，内容被改动过"},
	{`the signature of the act does not fit`, "部门的签名不符，内容被改动过"},
	{`the payload is not the one that the entry commits to`, "所给的内容不是该条目所承诺的那一份"},
	{`the entry is not in the tree: {why}`, "条目不在账本中（{why}）"},
	{`the chain ends with {a}, not with {b}`, "信任链止于 {a}，而不是 {b}"},
	{`the entry was made after the endorsement of {a} had ended`, "条目写入时，对 {a} 的背书已经到期"},
	{`the checkpoint has a line by a key that is not listed`, "检查点有未列入密钥集的密钥的签名"},
	{`{n} of {m} replicas signed the checkpoint`, "{m} 个副本中只有 {n} 个签署了检查点"},
	{`signed with a certificate that no key set of the chain lists`, "签名所用的证书不在信任链的任何密钥集中"},
	{`the signing certificate was not valid at the entry's time`, "条目写入时，签名证书不在有效期内"},
	{`by {value}: {why}`, "{value} 所作的{why}"},

	// filters (CEL)
	{`Syntax error: mismatched input '<EOF>' expecting {rest}`, "到末尾还不完整"},
	{`Syntax error: mismatched input '{value}' expecting {rest}`, "此处不应是 {value}"},
	{`Syntax error: extraneous input '{value}' expecting {rest}`, "多出了 {value}"},
	{`Syntax error: no viable alternative at input '{value}'`, "{value} 处不成表达式"},
	{`Syntax error: token recognition error at: '{value}'`, "不能识别 {value}"},
	{`Syntax error: missing '{value}' at {rest}`, "此处缺少 {value}"},
	{`Syntax error: unexpected token after expression`, "表达式之后还有多余的内容；比较相等用 =="},
	{`Syntax error: {value}`, "语法有误（{value}）"},
	{`undeclared reference to '{value}'`, "没有名为 {value} 的数据项或函数"},
	{`found no matching overload for '{a}' applied to '{b}'`, "运算 {a} 不能用于 {b}"},
	{`longer than {value} bytes`, "长于 {value} 字节"},
	{`it has more than {value} parts`, "多于 {value} 个部分"},
	{`{value} is not taken; exists, exists_one and all are`, "不能用 {value}，可用 exists、exists_one、all"},
	{`a value in braces is not taken`, "不能用花括号中的值"},
	{`the pattern of matches must be a text in quotation marks`, "matches 的正则表达式须写在引号内"},
	{`{value} is not taken, because not every result is exact; multiply the other side`, "不能用 {value}，因为所得不一定是准确的数；请改为在另一侧相乘"},
	{`record stands only before .NAME or ["NAME"]`, `record 之后须写 .名称 或 ["名称"]，不能单独使用`},
	{`has(record.NAME) is not taken; write record.NAME != null`, "不能用 has(record.名称)，请写 record.名称 != null"},
	{`there is no field {value}`, "没有名为 {value} 的数据项"},
	{`there is no time zone {value}`, "没有名为 {value} 的时区，中国各地用 Asia/Shanghai"},
	{`the number is not understood`, "数字的写法有误"},
	{`the result is {value}, not bool`, "结果的类型是 {value}，不是真假值"},

	// catalogue entries and rosters
	{`code and agency are needed`, "须有编码和部门"},
	{`an agency needs a code and a title of at most {value} bytes, in UTF-8`, "部门须有编码和名称，名称不超过 {value} 字节"},
	{`the title must have 1 to {value} bytes of UTF-8`, "名称须为 1 至 {value} 字节"},
	{`category "{value}" is none of unconditional, conditional, not-shared`, "共享类型“{value}”不是 unconditional、conditional、not-shared 之一"},
	{`what is not shared needs the citation of the law that forbids it`, "不予共享的，须写明所依据的法律条款（citation）"},
	{`1 to {value} purposes are needed`, "须列出 1 至 {value} 个用途"},
	{`each purpose needs a code of its own`, "各用途的编码须各不相同"},
	{`a key and at most {value} indexed fields are needed`, "须有主键，索引的数据项不超过 {value} 个"},
	{`it must be declared free of secrets`, "须声明不含国家秘密（not_secret）"},
	{`the schema has no field {value} to group by`, "数据规范中没有用于分组的数据项 {value}"},
	{`the schema has no field {value} of type integer or number to measure`, "数据规范中没有可统计的数字数据项 {value}"},
	{`a standard names the level that is to offer it`, "标准目录须写明由哪一级提供"},
	{`read roster: row {n}: {why}`, "第 {n} 行：{why}"},
	{`read roster: {why}`, "{why}"},
	{`invalid roster: {why}`, "{why}"},
	{`the first row is not {value}`, "首行不是 {value}"},
	{`the code {value} stands twice`, "代码 {value} 重复"},
	{`the parent of {value} does not stand before it`, "{value} 的上级没有列在它之前"},
	{`the parent {value} does not stand before it`, "上级 {value} 没有列在它之前"},
	{`{value} stands twice`, "{value} 重复列出"},
	{`the code {value} was that of {a}, and is that of {b}`, "代码 {value} 原属 {a}，不能改属 {b}"},

	// JSON, and what is checked of a request
	{`unknown field "{value}"`, "没有名为“{value}”的项"},
	{`invalid character {value} looking for {rest}`, "不是规定格式的 JSON：不应有 {value}"},
	{`invalid character {value} after {rest}`, "不是规定格式的 JSON：不应有 {value}"},
	{`invalid character {value} in {rest}`, "不是规定格式的 JSON：不应有 {value}"},
	{`it is larger than {value} bytes`, "大于 {value} 字节"},
	{`expected required property {value} to be present`, "缺少 {value}"},
	{`expected {value}`, "应为 {value}"},
	{`bad flag syntax: {value}`, "写法不符：{value}"},
	{`lookup {value}: {why}`, "找不到 {value} 的地址"},

	// values (node/ground/rows)
	{`character U+{value}`, "含有看不见的字符 U+{value}（控制字符、零宽字符或改变文字方向的字符），请删除"},

	// questions and requests
	{`limit: {value}`, "条数的范围是 {value}"},
	{`condition of {value}: empty`, "数据项 {value} 的条件是空的"},
	{`{value}..{n} bytes`, "长度须为 {value} 至 {n} 字节"},
	{`{value} hex digits`, "须为 {value} 位十六进制数字"},
	{`RFC 3339, after {value}, within {n} years`, "须在 {value} 之后、{n} 年之内"},
	{`another import into {value} is running`, "数据资源 {value} 正在进行另一次导入"},
}
