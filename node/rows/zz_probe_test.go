package rows
import ("testing";"encoding/json";"fmt";"strings")
func TestZZ(t *testing.T){
 s:=villages(t)
 w:=func(m string)string{return `{"code":"520102016001","name":"x",`+m+`}`}
 for _,in:=range []string{w(`"area":1e15`),w(`"area":1000000000000000`),w(`"area":1e20`),w(`"area":100000000000000000000`),w(`"area":1234567.5`),w(`"area":1e-400`),w(`"area":0.10000000000000001`),w(`"area":1e-7`),w(`"households":1e16`),w(`"area":-12345678901234567890123456789012`), w(`"area":1.0000000000000001`), w(`"households":9007199254740993.0`),w(`"tags":["\ufffd"]`)}{
  r,err:=s.Record([]byte(in)); fmt.Printf("%s -> %s %v\n",in,r.JSON,err)
 }
 m:=map[string]int{}
 for range 200 { _,err:=s.Record([]byte(`{"code":"5","name":"","category":"9","households":-1,"urban":3}`)); m[err.Error()]++ }
 fmt.Println(m)
 for _,v:=range [][2]string{{"households","1.5"},{"name","\xff"},{"households","null"},{"area"," 1"},{"name",strings.Repeat("x",3)}}{ b,err:=s.Value(v[0],v[1]); fmt.Printf("Value %q %q -> %q %v\n",v[0],v[1],b,err)}
 for _,v:=range [][2]string{{"households","1.5"},{"name","5"},{"name","true"},{"code","null"},{"households","null"},{"households","\"12\""},{"urban","1"},{"category","\"111\""}}{ b,err:=s.JSONValue(v[0],json.RawMessage(v[1])); fmt.Printf("JSONValue %q %q -> %q %v\n",v[0],v[1],b,err)}
 for _,ref:=range []string{"https://json-schema.org/draft/2020-12/schema","http://json-schema.org/draft-07/schema#","other.json","#/$defs/x"}{
 _,err:=Compile(json.RawMessage(`{"$defs":{"x":{"type":"string"}},"properties":{"a":{"type":"string"},"b":{"$ref":"`+ref+`"}}}`),"a",nil); fmt.Println(ref,err)}
 fmt.Println(read(s,CSV,"code,name\n520102016001,a\"b\n520102016002,b\n520102016003,\"b\"c\n520102016004,b\n"))
 fmt.Println(read(s,CSV,"code,name\n520102016001,\ufffd\n"))
 fmt.Println(read(s,CSV,"code,name,tags\n520102016001,a,\"[\"\"x\"\"]\"\n520102016001,a,null\n"))
 d:=`"d30":{"type":"string"}`
 for i:=29;i>=8;i-- { d+=fmt.Sprintf(`,"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`,i,i+1,i+1)}
 _=d
}
