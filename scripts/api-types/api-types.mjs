import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';

/**
 * Text of a file with the types of every request and answer, and the bounds of what people enter.
 * @param {Record<string, any>} document OpenAPI 3.1
 */
export async function apiTypesText(document) {
  const types = astToString(await openapiTS(document));
  const body = document.paths['/api/emergency/resume'].post.requestBody.content['application/json'].schema;
  const { minimum, maximum } = body.properties.sizePct;
  const { title } =
    document.paths['/api/incidents'].post.requestBody.content['application/json'].schema.properties;
  return `${COMMENT_HEADER}${types}
/** Percent of the full position size that a desk may be resumed with. */
export const RESUME_SIZE_PCT = { minimum: ${minimum}, maximum: ${maximum} } as const;
/** Characters. */
export const INCIDENT_TITLE_MAX = ${title.maxLength};
`;
}
