/** Names of desks, people, strategies, routines and files of a desk's folder: one form, and its words. */
export const NAME = /^[a-z][a-z0-9-]{0,39}$/;
export const NAME_EXPECTED = '1 to 40 lower case letters, digits and dashes, a letter first';
