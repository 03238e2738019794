// The classes of COCO-Stuff-164K in the order of their labels: 80 things, then 91 stuff. The published pixel maps number
// them among 182 ids, 11 of which belong to things that were never labelled.
//
// Reference: "COCO-Stuff: Thing and Stuff Classes in Context" (Caesar et al., CVPR 2018); the train ids and names of
// MMSegmentation's COCOStuffDataset.

const NAMES = `
  person; bicycle; car; motorcycle; airplane; bus; train; truck; boat; traffic light; fire hydrant;
  stop sign; parking meter; bench; bird; cat; dog; horse; sheep; cow; elephant; bear; zebra; giraffe;
  backpack; umbrella; handbag; tie; suitcase; frisbee; skis; snowboard; sports ball; kite; baseball bat;
  baseball glove; skateboard; surfboard; tennis racket; bottle; wine glass; cup; fork; knife; spoon; bowl;
  banana; apple; sandwich; orange; broccoli; carrot; hot dog; pizza; donut; cake; chair; couch;
  potted plant; bed; dining table; toilet; tv; laptop; mouse; remote; keyboard; cell phone; microwave;
  oven; toaster; sink; refrigerator; book; clock; vase; scissors; teddy bear; hair drier; toothbrush;
  banner; blanket; branch; bridge; building-other; bush; cabinet; cage; cardboard; carpet; ceiling-other;
  ceiling-tile; cloth; clothes; clouds; counter; cupboard; curtain; desk-stuff; dirt; door-stuff; fence;
  floor-marble; floor-other; floor-stone; floor-tile; floor-wood; flower; fog; food-other; fruit;
  furniture-other; grass; gravel; ground-other; hill; house; leaves; light; mat; metal; mirror-stuff;
  moss; mountain; mud; napkin; net; paper; pavement; pillow; plant-other; plastic; platform; playingfield;
  railing; railroad; river; road; rock; roof; rug; salad; sand; sea; shelf; sky-other; skyscraper; snow;
  solid-other; stairs; stone; straw; structural-other; table; tent; textile-other; towel; tree; vegetable;
  wall-brick; wall-concrete; wall-other; wall-panel; wall-stone; wall-tile; wall-wood; water-other;
  waterdrops; window-blind; window-other; wood
`;

/** Ids of the published pixel maps that no class has. */
const UNUSED_IDS: ReadonlySet<number> = new Set([11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90]);
const IDS = 182;

/** The 171 classes; a class's position is its label, its train id. */
export function cocoStuffClasses(): readonly string[] {
  return NAMES.trim().split(/;\s+/);
}

/** The id of each class, in the order of the labels, in the published pixel maps: 0 to 181. */
export function cocoStuffIds(): readonly number[] {
  return Array.from({ length: IDS }, (_, id) => id).filter((id) => !UNUSED_IDS.has(id));
}
