//! Forms with files: each gets a component of its own, whose files are a type of ours.

use serde_json::{Value, json};

use super::{Draft, Form, pascal};
use crate::regen::prepare::forms::is_file;
use crate::regen::problem::Problem;

impl Draft {
    /// The component for the form of an operation.
    pub(super) fn form(
        &mut self,
        name: &str,
        place: &str,
        schema: &Value,
        wire: &Value,
    ) -> Result<Value, Problem> {
        let mut form = self.document.resolve(schema)?.clone();
        let part = self.part();
        let fields = wire["fields"].as_object().cloned().unwrap_or_default();
        if let Some(object) = form.as_object_mut() {
            object.remove("nullable");
        }
        if let Some(properties) = form.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|property, _| fields.contains_key(property));
            for property in properties.values_mut() {
                let target = self.document.resolve(property)?;
                let items = target
                    .get("items")
                    .map(|items| self.document.resolve(items))
                    .transpose()?;
                if is_file(target) {
                    *property = part.clone();
                } else if items.is_some_and(is_file) {
                    *property = json!({ "type": "array", "items": part });
                } else if let Some(object) = property.as_object_mut() {
                    // A form has no null: what is not there is not sent.
                    object.remove("nullable");
                }
            }
        }
        let owner = self.free(&format!("{}Form", pascal(name)));
        self.schemas.insert(owner.clone(), Value::Null);
        let rewritten = self.rewrite(&owner, place, &form);
        self.schemas.insert(owner.clone(), rewritten);
        self.report.add(
            place,
            "a multipart/form-data body",
            format!("the struct {owner}, whose files are streamed"),
            "the generator takes no multipart",
        );
        self.forms.push(Form {
            name: owner.clone(),
            fields,
        });
        Ok(json!({ "$ref": format!("#/components/schemas/{owner}") }))
    }

    /// The component that stands for a file.
    fn part(&mut self) -> Value {
        let name = match &self.part {
            Some(name) => name.clone(),
            None => {
                let name = self.free("FilePart");
                self.schemas
                    .insert(name.clone(), json!({ "type": "string" }));
                self.part = Some(name.clone());
                name
            }
        };
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}
