/**
 * The shapes of what the server sends, for the other modules' types; nothing here runs.
 *
 * Ids are whole numbers, chances 0..1, boxes relative to the upright picture from its top left, and
 * times the camera's own clock without a zone (`at` of a person's word: UTC).
 *
 * @typedef {"leopard"|"prey"|"other"|"person"|"vehicle"|"empty"|"unsure"} Label
 *
 * @typedef {object} Said  What a person said of a file or of an event.
 * @property {string} label
 * @property {string} species
 * @property {string} by
 * @property {string} at
 * @property {boolean} [mixed]  the frames of the event were not called all the same
 * @property {number} [version]
 *
 * @typedef {object} Item  An event as it lies in the queue.
 * @property {number} event
 * @property {string} station
 * @property {string} deployment
 * @property {string} start
 * @property {string} end
 * @property {Label} label
 * @property {string} species
 * @property {number|null} confidence
 * @property {number} leopard  the chance of a leopard in its best frame
 * @property {number} frames  how many there are
 * @property {number|null} count
 * @property {number} cover  the file of its best frame
 * @property {Said|null} reviewed
 * @property {boolean} audit
 *
 * @typedef {object} Box
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {Label} label
 * @property {number} confidence
 *
 * @typedef {object} Frame
 * @property {number} file
 * @property {string} name
 * @property {string|null} taken_at
 * @property {string} timestamp_source
 * @property {Label} label
 * @property {string} state
 * @property {number|null} confidence
 * @property {Record<string, number>} probabilities
 * @property {number} width
 * @property {number} height
 * @property {boolean|null} infrared
 * @property {Box[]} boxes
 * @property {number} version  the newest word's number, 0 when there is none
 * @property {Said|null} reviewed
 * @property {boolean} has_card
 * @property {string} card
 *
 * @typedef {Omit<Item, "frames"> & {frames: Frame[], before: number|null, after: number|null}} Visit
 *
 * @typedef {{name: string, label: Label, en?: string, ru?: string, zh?: string}} Species
 *
 * @typedef {object} Season
 * @property {string} id
 * @property {string} name
 * @property {string[]} languages
 * @property {string} language
 * @property {number} events
 * @property {number} reviewed_events
 * @property {Species[]} species
 * @property {string[]} stations
 * @property {string} first_date
 * @property {string} last_date
 * @property {string} reviewer  whom the command line named
 * @property {string[]} reviewers
 * @property {Audit|null} audit
 * @property {"ready"|"building"} index
 * @property {boolean} can_write
 *
 * @typedef {object} Audit
 * @property {string} target
 * @property {number} confidence
 * @property {number} sample
 * @property {number} looked
 * @property {number} missed
 * @property {number} population
 * @property {number|null} bound_pictures
 * @property {number|null} bound_share
 * @property {number|null} bound_events
 * @property {Told} sentence
 *
 * @typedef {{code: string, values: Record<string, any>}} Told  A sentence of the words files.
 */
export {};
