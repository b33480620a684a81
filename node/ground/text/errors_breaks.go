package text

import "net/http"

// Problems of key sets that broke with the ones before.
const (
	KeysChanged    Code = "keys-changed"
	NothingWaits   Code = "nothing-waits"
	NotConfirmable Code = "not-confirmable"
	KeysObjected   Code = "keys-objected"

	FingerprintDiffers Code = "fingerprint-differs"
	NotOursToObject    Code = "not-ours-to-object"
)

var breakProblems = []problem{
	{
		number: 130, code: KeysChanged, status: http.StatusForbidden, params: []string{"name", "jurisdiction", "fingerprint", "until"},
		zh: parts{"密钥已更换，尚在等待期", "{name}的新密钥（指纹 {fingerprint}）与此前认定的衔接不上：密钥全部更换，且没有旧密钥或其恢复密钥担保（其间不止一次丢失密钥的也是如此），或者其间更换次数过多，链上已不含此前的密钥；{jurisdiction}在 {until} 之前不采信", "{jurisdiction}",
			"请致电{name}核对指纹。一致的：等待期满，或由其上级的上级执行 xietong tree confirm {name}，或由{name}出示恢复密钥；不一致的：请其用旧密钥提出异议"},
		en: parts{"Keys changed, and waiting", "the keys of {name} (fingerprint {fingerprint}) do not lead on from those that were believed: all have changed, and neither the old ones nor their recovery key stands behind the new (nor does it where all were lost more than once since), or they changed so often since that the chain shows the old ones no more; {jurisdiction} does not believe them before {until}",
			"{jurisdiction}", "telephone {name} and compare the fingerprint. If it is the same: wait, or have the level two above it run `xietong tree confirm {name}`, or have it bring its recovery key; if not, have it object with its old keys"},
	},
	{
		number: 131, code: NothingWaits, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"没有等待中的密钥", "在{jurisdiction}，{name}没有等待确认的密钥集", "{jurisdiction}", "请用 xietong tree 查看等待中的密钥集"},
		en: parts{"Nothing waits", "at {jurisdiction} no such key set of {name} waits", "{jurisdiction}", "see `xietong tree` for the key sets that wait"},
	},
	{
		number: 132, code: NotConfirmable, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"不由此处确认", "{jurisdiction}只能确认其下级的下级，{name}不是；自己的下级在本支之内无需等待", "{jurisdiction}",
			"请由{name}的上级的上级执行 xietong tree confirm；根的下级没有这样的一级，只能等待或出示恢复密钥"},
		en: parts{"Not to be confirmed here", "{jurisdiction} confirms the children of its children, and {name} is none; in one's own branch no child waits",
			"{jurisdiction}", "have it confirmed two levels above {name}; above a child of the root there is none: wait, or have it bring its recovery key"},
	},
	{
		number: 133, code: KeysObjected, status: http.StatusForbidden, params: []string{"name", "jurisdiction", "fingerprint"},
		zh: parts{"新密钥有异议", "{name}的旧密钥否认新密钥（指纹 {fingerprint}），或已否认此前的多把新密钥，{jurisdiction}不采信", "{jurisdiction}",
			"请致电{name}核对指纹：一致的，由{name}出示恢复密钥（xietong join TOKEN --recovery），或由其上级的上级执行 xietong tree confirm {name}；不一致的，可能有人冒用其名义，请报告其上级的上级"},
		en: parts{"New keys objected to", "the old keys of {name} deny the new ones (fingerprint {fingerprint}), or denied as many others before as are remembered, so {jurisdiction} does not believe them",
			"{jurisdiction}", "telephone {name} and compare the fingerprint: if it is the same, have {name} bring its recovery key (`xietong join TOKEN --recovery`), or the level two above it run `xietong tree confirm {name}`; if not, somebody speaks in its name: tell that level"},
	},
	{
		number: 150, code: FingerprintDiffers, status: http.StatusConflict, params: []string{"name", "fingerprint"},
		zh: parts{"指纹不符", "所给的指纹不是{name}现在的密钥集的指纹，后者是 {fingerprint}", "{name}",
			"请再核对一遍是否念错或输错。仍然不符的，切勿确认：可能有人冒用{name}的名义；请{name}立即用旧密钥提出异议（xietong tree object）"},
		en: parts{"Another fingerprint", "the fingerprint given is not that of the key set that goes by the name of {name} now, which is {fingerprint}", "{name}",
			"have it read out once more. If it still differs, do not confirm: somebody may be using the name; have {name} object at once with its old keys (`xietong tree object`)"},
	},
	{
		number: 151, code: NotOursToObject, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"只能由本人提出异议", "对{name}的密钥集，只有{name}自己能提出异议，{jurisdiction}不能代替", "{jurisdiction}",
			"请立即致电{name}，由其执行 xietong tree object"},
		en: parts{"Not ours to object to", "to a key set of {name} only {name} itself objects, and not {jurisdiction}", "{jurisdiction}",
			"telephone {name} at once, and have it run `xietong tree object`"},
	},
}
