package node

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"xietong/certs/identity"
	"xietong/node/text"
)

// configFile is DIR/config.yaml.
type configFile struct {
	Version       int                `yaml:"version"`
	Jurisdictions []hostedConfigFile `yaml:"jurisdictions"`
}

// hostedConfigFile is one hosted jurisdiction.
type hostedConfigFile struct {
	Name        string `yaml:"name"`
	DisplayName string `yaml:"display_name"`
	ShortName   string `yaml:"short_name"`
	Code        string `yaml:"code"`
	Level       string `yaml:"level"`
}

const (
	configName    = "config.yaml"
	configVersion = 1
	maxConfigLen  = 1 << 20
)

// configTemplate is what init writes: every key with what it is for, in both languages.
const configTemplate = `# Xietong node / 协同节点. Change it only while the node is stopped. 请在节点停止时修改。
version: 1
# The jurisdictions that this node hosts / 本节点承载的行政区划
jurisdictions:
  - name: %s          # permanent, like DNS / 永久名称，写法同域名
    display_name: %q  # what people see / 显示名称
    short_name: %q    # short form for tables / 简称
    code: %q          # GB/T 2260 or any / 行政区划代码
    level: %q         # province, prefecture, county … / 层级
`

func readConfig(path string) (configFile, error) {
	var c configFile
	info, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	if info.Size() > maxConfigLen {
		return c, configError(path, "", fmt.Errorf("%d bytes, more than %d", info.Size(), maxConfigLen))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := yaml.UnmarshalWithOptions(data, &c, yaml.DisallowUnknownField()); err != nil {
		return c, yamlError(path, err)
	}
	return c, c.check(path)
}

func (c configFile) check(path string) error {
	if c.Version != configVersion {
		return configError(path, "version", fmt.Errorf("%d; this program reads %d", c.Version, configVersion))
	}
	if len(c.Jurisdictions) == 0 {
		return configError(path, "jurisdictions", errors.New("none is listed"))
	}
	seen := map[string]bool{}
	for _, h := range c.Jurisdictions {
		if _, err := identity.ParseJurisdiction(h.Name); err != nil {
			return configError(path, "name", err)
		}
		if seen[h.Name] {
			return configError(path, "name", fmt.Errorf("%s stands twice", h.Name))
		}
		seen[h.Name] = true
	}
	return nil
}

func configError(path, key string, err error) error {
	return text.Fail(text.ConfigInvalid, text.Args{"key": key, "reason": err.Error(), "file": path, "line": "-"}, err)
}

// knownKeys are the keys of the file, for whoever mistyped one.
var knownKeys = []string{"version", "jurisdictions", "name", "display_name", "short_name", "code", "level"}

// yamlError turns the library's errors into a key and a line.
func yamlError(path string, err error) error {
	line := "-"
	if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil {
		line = fmt.Sprint(at.GetToken().Position.Line)
		if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
			args := text.Args{"key": unknown.Token.Value, "file": path, "line": line, "known": strings.Join(knownKeys, ", ")}
			return text.Fail(text.ConfigWrongKey, args, err)
		}
	}
	return text.Fail(text.ConfigInvalid, text.Args{"key": "", "reason": "YAML", "file": path, "line": line}, err)
}
