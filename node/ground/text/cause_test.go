package text

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// causes are causes as the floors below, the libraries and the operating system tell them, each
// with a part of what is told in Chinese.
var causes = map[string]string{
	`malformed name: label "高新": only a-z, 0-9 and hyphen may stand in it`:                                            "编码“高新”不合规定：只能用小写字母、数字和连字符",
	`malformed name: entry "11": it has not the form JURISDICTION/log/EPOCH/INDEX`:                                    "存证条目“11”不合规定：不是 JURISDICTION/log/EPOCH/INDEX 的形式",
	`malformed name: jurisdiction "a_b": in a label, only a-z, 0-9 and hyphen may stand in it`:                        "行政区划名称“a_b”不合规定：其中一段只能用小写字母、数字和连字符",
	`malformed name: pin "foo" has not the form NAME/keys/NUMBER/HASH`:                                                "“foo”不是 NAME/keys/NUMBER/HASH 形式的起点标识",
	`not proven: chain: invalid key set: guizhou number 1 is not the pinned one`:                                      "guizhou 的第 1 号密钥集不是起点标识所指的那一个",
	`entry 343: damaged file: read state file: assertion failed: Page expected to be: 89, but self identifies as 0`:   "第 343 号条目（数据文件已损坏）",
	`entry 4: sequence number 2 of "water", 1 expected`:                                                               "第 4 号条目（\"water\" 的序号为 2，应为 1）",
	`not proven: checkpoint: invalid signature for key nanming.guiyang.guizhou/log/2+e6aeebe0`:                        "检查点不成立：密钥 nanming.guiyang.guizhou/log/2+e6aeebe0 的签名不符",
	`not proven: the payload is not the one that the entry commits to`:                                                "所给的内容不是该条目所承诺的那一份",
	`malformed ledger data: receipt: not canonical CBOR: cbor: cannot unmarshal array into Go value of type ledger.R`: "这不是存证凭证，或者文件已经损坏",
	`Syntax error: mismatched input '<EOF>' expecting expression`:                                                     "到末尾还不完整",
	`undeclared reference to '姓名'`:                                                                                    "没有名为 姓名 的数据项",
	`expected required property name to be present`:                                                                   "缺少 name",
	`open state: write /var/lib/xietong/state.db: no space left on device`:                                            "磁盘已满",
	`sync /var/lib/xietong/raft.db: input/output error`:                                                               "磁盘读写出错",
	`invalid endorsement: a name with a character that is not seen`:                                                   "看不见的字符",
	`invalid endorsement: a display name of 300 bytes, not 1 to 128`:                                                  "名称长 300 字节，应为 1 至 128 字节",
	`invalid endorsement: a code of 40 bytes and a level of 6, more than 32`:                                          "代码长 40 字节，层级长 6 字节",
	`read-only file system`:                       "文件系统只读",
	`mkdir D/spool: disk quota exceeded`:          "磁盘配额已满",
	`unknown-agency`:                              "部门未登记",
	`connection reset by peer`:                    "对方中断了连接",
	`listen udp 127.0.0.1:1: bind: something new`: "原因未能识别",
	`contains`:          "原因未能识别",
	`raised by "新华路社区"`: "原因未能识别",
	`read roster: row 3: the code 520102 stands twice`:     "第 3 行：代码 520102 重复",
	`the code 520102 was that of a.b, and is that of c.d`:  "代码 520102 原属 a.b，不能改属 c.d",
	`found no matching overload for '_>_' applied to '()'`: "运算 _>_ 不能用于 ()",
}

// TestCausesAreTold gives every problem that tells a cause the causes that there are: a Chinese
// reader reads each in Chinese, and nobody reads what a library says.
func TestCausesAreTold(t *testing.T) {
	told := 0
	for _, p := range allProblems() {
		if !strings.Contains(p.zh.what, "{reason}") {
			continue
		}
		told++
		for cause, want := range causes {
			if got := Explain(Zh, p.code, Args{"reason": cause}).What; !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q in it", p.code, got, want)
			}
			if got := Explain(En, p.code, Args{"reason": cause}).What; strings.Contains(got, "原") || strings.Contains(got, "cbor:") || strings.Contains(got, "something new") {
				t.Errorf("%s in English: got %q", p.code, got)
			}
		}
	}
	for cause, want := range map[string]string{
		"malformed ledger data: receipt: not canonical CBOR: cbor: cannot unmarshal array into Go value": "the receipt proves nothing: this is no receipt, or the file is damaged",
		"not proven: chain: invalid key set: guizhou number 1 is not the pinned one":                     "the receipt proves nothing: key set 1 of guizhou is not the one that the pin names; the pin or the receipt is of another",
		"not proven: the payload is not the one that the entry commits to":                               "the receipt proves nothing: the payload is not the one that the entry commits to",
	} {
		if got := Explain(En, ReceiptRefused, Args{"reason": cause}).What; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if told < 15 {
		t.Errorf("%d problems tell a cause", told)
	}
}

// TestNothingIsSaidAsNothing explains every problem with values that say nothing. No text that a
// Chinese reader sees is without Chinese, except where the whole of it is a value, and none shows a
// dash for what is not there.
func TestNothingIsSaidAsNothing(t *testing.T) {
	for _, nothing := range []string{"", "-"} {
		for _, p := range allProblems() {
			args := Args{}
			for _, name := range p.params {
				args[name] = nothing
			}
			for _, l := range []Lang{Zh, En} {
				e := Explain(l, p.code, args)
				for _, said := range []string{e.Title, e.What, e.Where, e.Do} {
					if said != "" && l == Zh && !hasHan(said) || strings.Contains(said, "“-”") || strings.TrimSpace(said) == "-" ||
						strings.HasSuffix(said, "：-") || strings.HasSuffix(said, ": -") || strings.HasSuffix(said, "：") || strings.HasSuffix(said, ":") && nothing == "-" {
						t.Errorf("%s with %q: %q", p.code, nothing, said)
					}
				}
			}
		}
	}
}

// TestNobodyGivesADash looks through the program for values of sentences that are a dash.
func TestNobodyGivesADash(t *testing.T) {
	fset := token.NewFileSet()
	for _, file := range goFiles(t, fset) {
		ast.Inspect(file, func(n ast.Node) bool {
			within := n
			switch n := n.(type) {
			case *ast.CompositeLit:
				if selected(n.Type) != "Args" {
					return true
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Refuse" {
					return true
				}
			default:
				return true
			}
			ast.Inspect(within, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Value == `"-"` {
					t.Errorf("%s: a dash tells nothing: give \"\"", fset.Position(lit.Pos()))
				}
				return true
			})
			return false
		})
	}
}
