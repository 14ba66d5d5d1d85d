/**
 * A feed in a desk file is a venue, `name`, or another instance of one, `name-backup`. No venue’s name has a
 * dash.
 */
export const venueOfFeed = (feed: string): string => feed.split('-', 1)[0] ?? feed;
