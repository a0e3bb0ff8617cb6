//! Command templates: which can be inverted, and to what. All others are opaque.

use super::*;

fn of(component: &str, template_key: &str, topic_key: &str, template: &str) -> Value {
    shape(&one(&format!("homeassistant/{component}/x/config"), &json!({topic_key: "x/y", template_key: template})), "x/y")
}

#[test]
fn one_value_with_text_around_it_is_read() {
    let lock = json!({"LOCK": "lock", "UNLOCK": "unlock"});
    for (template, before, after) in [
        ("{\"state\": \"{{ value }}\"}", "{\"state\": \"", "\"}"),
        ("{\"a\": {\"b\": \"{{ value }}\"}}", "{\"a\": {\"b\": \"", "\"}}"),
        ("lock,{{ value }}", "lock,", ""),
        (" {{value}}! ", "", "!"),
    ] {
        assert_eq!(of("lock", "cmd_tpl", "cmd_t", template), json!({"before": before, "after": after, "within": lock}), "{template}");
    }
    assert_eq!(of("lock", "command_template", "cmd_t", "{{ value | lower }}"), json!({"lock": "lock", "unlock": "unlock"}));
    assert_eq!(
        of("cover", "set_pos_tpl", "set_pos_t", "{\"position\": {{ position }} }"),
        json!({"before": "{\"position\": ", "after": " }", "within": ["position"]})
    );
    assert_eq!(of("number", "cmd_tpl", "cmd_t", "{{ value | int }}"), json!(["set"]));
    assert_eq!(
        of("number", "cmd_tpl", "cmd_t", "{\"n\":{{ value | float | round(0) }}}"),
        json!({"before": "{\"n\":", "after": "}", "within": ["set"]})
    );
    assert_eq!(of("alarm_control_panel", "cmd_tpl", "cmd_t", "{\"action\":\"{{ action }}\"}")["within"]["DISARM"], json!("disarm"));
}

#[test]
fn everything_else_is_opaque() {
    for template in [
        "{\"action\":\"{{ action }}\",\"code\":\"{{ code }}\"}",
        "{{ value if true else value }}",
        "{{ 'UNLOCK' if value == 'LOCK' else 'LOCK' }}",
        "{{ value ~ 'x' }}",
        "{{ value | replace('LOCK','UNLOCK') }}",
        "{{ value | int }}",
        "{{- value -}}",
        "{% if value == 'LOCK' %}1{% endif %}",
        "{{ value }}{{ value }}",
        "{# x #}{{ value }}",
        "{{ value",
        "{{ states('lock.x') }}",
        "{\"state\":1}",
        "{{ value_json.x }}",
    ] {
        assert_eq!(of("lock", "cmd_tpl", "cmd_t", template), json!("opaque"), "{template}");
    }
    // Said twice, and differently.
    let twice = json!({"cmd_t": "x/y", "cmd_tpl": "a{{ value }}", "command_template": "b{{ value }}"});
    assert_eq!(shape(&one("homeassistant/lock/x/config", &twice), "x/y"), json!("opaque"));
}
