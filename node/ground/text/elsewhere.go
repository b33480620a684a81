package text

import "strings"

// elsewhere are the sentences of problems that a node tells of itself, where it was another node:
// {hop} is the jurisdiction that said so.
var elsewhere = map[Code]struct{ zh, en parts }{
	Internal: {
		parts{"内部错误", "{hop}的节点发生内部错误，请求结果未知", "{hop}", "请先查明是否已经办理，再决定是否重做；如再次出现，请{hop}的管理员查看节点日志"},
		parts{"Internal error", "the node of {hop} met an error of its own, and the outcome of the request is unknown", "{hop}",
			"see whether it was done before you repeat it; if it happens again, the administrator of {hop} should read the node's log"},
	},
	NotReady: {
		parts{"尚未就绪", "{hop}的节点尚不能受理请求：{reason}", "{hop}", "请稍后重试；仍然如此的，请{hop}的管理员查看节点状态"},
		parts{"Not ready", "the node of {hop} cannot take requests yet: {reason}", "{hop}",
			"try again shortly; if that does not help, the administrator of {hop} should see how its node is"},
	},
	NoLeader: {
		parts{"没有主副本", "{hop}没有选出主副本（多数副本不在，或者相互不能连接），暂时不能受理请求", "{hop}", "请稍后重试；仍然如此的，请{hop}的管理员启动各副本"},
		parts{"No replica leads", "no replica of {hop} leads (most are away, or cannot reach one another), so it can take no requests", "{hop}",
			"try again shortly; if that does not help, the administrator of {hop} should start its replicas"},
	},
	OutcomeUnknown: {
		parts{"结果未知", "{hop}的节点未能确认这项请求是否已经办理", "{hop}", "请先向{hop}查明是否已经办理，再决定是否重做；程序可用同一 Idempotency-Key 重试"},
		parts{"Outcome unknown", "the node of {hop} could not confirm whether this was done", "{hop}",
			"ask {hop} whether it was done before you repeat it; a program may send it again under the same Idempotency-Key"},
	},
	Expired: {
		parts{"请求已过期", "请求到达{hop}时已超过其有效期，未执行", "{hop}", "请重新提交；如多次出现，请核对两端时钟"},
		parts{"Request expired", "the request came to {hop} after its own end and was not carried out", "{hop}",
			"send it again; if this happens often, compare the clocks of the two"},
	},
	Overloaded: {
		parts{"节点繁忙", "{hop}的节点正在办理的请求已达上限，这一请求没有办理", "{hop}", "请在 {seconds} 秒后重试"},
		parts{"Overloaded", "as much is under way at the node of {hop} as it takes, and this request was not carried out", "{hop}",
			"try again in {seconds} s"},
	},
}

// sentences returns the sentences of a problem in the language, by whose it is.
func (p problem) sentences(l Lang, args Args) parts {
	zh, en := p.zh, p.en
	if p.another(args) {
		zh, en = elsewhere[p.code].zh, elsewhere[p.code].en
	}
	if l == Zh {
		return zh
	}
	return en
}

// another reports whether a problem that a node tells of itself is another node's word.
func (p problem) another(args Args) bool {
	_, known := elsewhere[p.code]
	return known && says(args["hop"])
}

// OwnAlone reports whether a problem speaks of this node, and so is no other's word.
func OwnAlone(code Code) bool {
	p := byCode[code]
	_, known := elsewhere[code]
	all := strings.Join([]string{p.zh.what, p.zh.where, p.zh.do, p.en.what, p.en.where, p.en.do}, "\n")
	return !known && (strings.Contains(all, "本节点") || strings.Contains(all, "this node"))
}

// Fixed reports whether a value is one of the fixed words that a node tells another, such as a
// reason or the code of a problem.
func Fixed(value string) bool {
	_, word := words[value]
	_, problem := byCode[Code(value)]
	return word || problem
}

// OurWords reports whether a cause is told in words of this program alone, beside what it quotes.
func OurWords(cause string) bool {
	plain := unquoted(cause)
	return Known(cause) && !hasHan(plain) && hasLetter(plain)
}
