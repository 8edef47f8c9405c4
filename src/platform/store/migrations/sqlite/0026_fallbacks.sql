-- The models that are asked when the live one fails: a JSON array, in their order.
ALTER TABLE pipeline_config ADD COLUMN fallbacks TEXT NOT NULL DEFAULT '[]';
-- How models answer where the prompt says nothing: a JSON object by the model's full name.
ALTER TABLE pipeline_config ADD COLUMN model_parameters TEXT NOT NULL DEFAULT '{}';
-- Rules on a figure that there was not before, as a platform starts with them.
UPDATE pipeline_config SET alert_rules = json_set(
    alert_rules,
    '$.model_retires', json('{"metric":"model_retires","threshold":60.0,"for_minutes":0,"severity":"warning","is_enabled":true}'),
    '$.model_retires_soon', json('{"metric":"model_retires","threshold":14.0,"for_minutes":0,"severity":"critical","is_enabled":true}'))
WHERE alert_rules IS NOT NULL;
