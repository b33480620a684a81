package text

import "net/http"

// DrillTaken is the problem of a drill that was not refused.
const DrillTaken Code = "drill-taken"

var drillProblems = []problem{
	{
		number: 107, code: DrillTaken, status: http.StatusBadGateway, params: []string{"jurisdiction"},
		zh: parts{"演练未被拒绝", "{jurisdiction}没有识别出有问题的消息：它的节点不验证签名", "{jurisdiction}",
			"请立即电话告知{jurisdiction}的管理员，停止与其交换，直到其节点程序核实无误"},
		en: parts{"Not refused", "{jurisdiction} did not refuse a message that it had to: its node does not verify signatures", "{jurisdiction}",
			"call the administrator of {jurisdiction} now, and exchange nothing with it until its program was seen to"},
	},
}
